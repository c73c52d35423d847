_layership() {
    local IFS=$'\013' at word current before joining= last=-1 index=0 words=()
    # bash makes three words of `--target=tokyo`, and one of them is replaced. Here they are one, as layership will get it.
    for ((at = 0; at < ${#COMP_WORDS[@]}; at++)); do
        word=${COMP_WORDS[at]}
        # Up to the cursor, which may stand in the middle of the word.
        if ((at == COMP_CWORD && BASH_VERSINFO[0] >= 4)) && [[ $word != = ]]; then word=$2; fi
        if ((last > 0)) && [[ $word == = || -n $joining ]]; then
            words[last]+=$word
        else
            words[++last]=$word
        fi
        joining=
        if [[ $word == = ]]; then joining=yes; fi
        if ((at == COMP_CWORD)); then index=$last; fi
    done
    current=${words[index]}
    COMPREPLY=( $( _LAYERSHIP_COMPLETE=bash _CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX="$index" layership -- "${words[@]}" ) )
    if [[ $COMP_WORDBREAKS == *=* && $current == *=* ]]; then
        before="${current%=*}="
        COMPREPLY=("${COMPREPLY[@]#"$before"}")
    fi
    # A format is followed by its path.
    if [[ ${COMPREPLY-} != *= ]]; then compopt +o nospace 2> /dev/null; fi
}
if ((BASH_VERSINFO[0] > 4 || BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4)); then
    complete -o nospace -o bashdefault -o nosort -F _layership layership
else
    complete -o nospace -o bashdefault -F _layership layership
fi
