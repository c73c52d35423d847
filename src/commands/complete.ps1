Register-ArgumentCompleter -Native -CommandName layership -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words as they stand there, up to the cursor: nothing of the line is evaluated.
    $words = @(
        foreach ($element in $commandAst.CommandElements) {
            if ($element.Extent.EndOffset -ge $cursorPosition) { break }
            if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
                $element.Value
            } else {
                $element.Extent.Text
            }
        }
    )
    if ($wordToComplete -ne '') {
        $words += $wordToComplete
    } elseif ($PSVersionTable.PSVersion -ge [version]'7.3') {
        $words += ''
    } else {
        # Older ones leave an empty word out.
        $words += '""'
    }

    $before = $env:_LAYERSHIP_COMPLETE
    $env:_LAYERSHIP_COMPLETE = 'powershell'
    try {
        $offered = & layership -- @words
    } finally {
        # Taken away where it was not there.
        $env:_LAYERSHIP_COMPLETE = $before
    }
    foreach ($line in $offered) {
        $word, $help = $line -split "`t", 2
        if (-not $help) { $help = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $help)
    }
}
