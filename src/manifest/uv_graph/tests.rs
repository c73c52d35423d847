use super::*;
use crate::manifest::dependencies::Found;

fn id(name: &str) -> Id {
    Id { name: name.to_owned(), ..Id::default() }
}

fn graph(edges: &[(&str, &str, Option<&str>)]) -> Graph {
    let names: BTreeSet<&str> = edges.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    let package = |name: &str| Package {
        id: id(name),
        version: (name != "project").then(|| "1".to_owned()),
        ..Package::default()
    };
    let mut graph = Graph { packages: names.iter().map(|name| package(name)).collect(), ..Graph::default() };
    for (from, to, marker) in edges {
        let at = names.iter().position(|name| name == from).unwrap();
        let edge = Edge { to: id(to), marker: marker.map(str::to_owned), extras: Vec::new() };
        graph.packages[at].edges.push(edge);
    }
    graph
}

fn markers(edges: &[(&str, &str, Option<&str>)], of: &str) -> Vec<String> {
    let graph = graph(edges);
    let reached = graph.reached(&graph.projects(&BTreeSet::new()), MOST_STEPS, &Halt::default());
    reached[&(of, "1")].required.markers().into_iter().collect()
}

#[test]
fn what_leads_to_a_package_has_to_hold_all_the_way() {
    let chain = [("project", "a", Some("x")), ("a", "b", None), ("b", "c", Some("y")), ("c", "a", None)];
    assert_eq!(markers(&chain, "b"), ["x"]);
    assert_eq!(markers(&chain, "c"), ["(x) and (y)"]);
    let two = [("project", "a", Some("x")), ("a", "c", None), ("project", "b", Some("y")), ("b", "c", None)];
    assert_eq!(markers(&two, "c"), ["x", "y"]);
    let late = [("project", "a", Some("x")), ("a", "c", None), ("project", "b", None), ("b", "a", None)];
    assert_eq!(markers(&late, "c"), [""; 0]);
}

#[test]
fn many_ways_count_as_everywhere_and_end() {
    let names: Vec<String> = (0..40).map(|number| format!("n{number}")).collect();
    let mut edges = Vec::new();
    for name in &names {
        edges.push(("project", name.as_str(), Some(name.as_str())));
        edges.extend(names.iter().map(|other| (name.as_str(), other.as_str(), Some(name.as_str()))));
        edges.push((name.as_str(), "end", None));
    }
    assert_eq!(markers(&edges, "end"), [""; 0]);
}

/// Better ways to one package come late, one after the other, and each would be told to all that follow.
#[test]
fn what_changes_often_is_not_told_again_and_again() {
    // Five ways with three markers give way to one with two, five of those to one with one.
    let mut ways: Vec<Vec<usize>> = Vec::new();
    for a in 0..5 {
        for b in 0..5 {
            ways.extend((0..5).map(|c| vec![a, 10 + b, 20 + c]));
            ways.push(vec![a, 10 + b]);
        }
        ways.push(vec![a]);
    }
    let name = |number: usize| format!("n{number}");
    let mut edges = vec![("project".to_owned(), name(0), None)];
    for (number, way) in ways.iter().enumerate() {
        // Three steps later than the one before, however long it is.
        edges.extend((0..3).map(|step| (name(3 * number + step), name(3 * number + step + 1), None)));
        let mut from = name(3 * number);
        for (at, marker) in way.iter().enumerate() {
            let to = if at + 1 == way.len() { "hub".to_owned() } else { format!("{from}.{marker}") };
            edges.push((from, to.clone(), Some(format!("m{marker}"))));
            from = to;
        }
    }
    edges.extend((0..100).map(|end| ("hub".to_owned(), format!("end{end}"), None)));
    let edges: Vec<_> =
        edges.iter().map(|(from, to, marker)| (from.as_str(), to.as_str(), marker.as_deref())).collect();
    let polls = |most_steps: usize| {
        let halt = Halt::default();
        let graph = graph(&edges);
        graph.reached(&graph.projects(&BTreeSet::new()), most_steps, &halt);
        halt.polls()
    };
    // Each package is looked at once or twice more, and asks once for itself and for each of its edges.
    let (all, bounded) = (polls(usize::MAX), polls(2_000));
    assert!(all > 20_000 && bounded < 2 * (2_000 + 2 * edges.len()), "{bounded} of {all} steps");
}

#[test]
fn a_marker_that_leads_to_many_is_not_told_of_all() {
    let marker = "x".repeat(MARKER_BYTES / 4);
    let names: Vec<String> = (0..100).map(|number| format!("n{number}")).collect();
    let mut edges = vec![("project", "a", Some(marker.as_str()))];
    edges.extend(names.iter().map(|name| ("a", name.as_str(), None)));
    let mut dependencies = Dependencies::default();
    names.iter().for_each(|name| dependencies.insert(Found::new(name.as_str(), "1")));
    graph(&edges).settle(&Workspace::default(), &mut dependencies, &Halt::default());
    let told = dependencies
        .iter()
        .flat_map(|(_, versions)| versions.values())
        .filter(|about| !about.details().markers.is_empty());
    assert_eq!(told.count(), 4);
}

/// Of two versions each is installed where it is asked for, with what it asks for itself.
#[test]
fn each_version_has_its_own_way() {
    let lock = |first: &str, second: &str| {
        format!(
            "[[package]]\nname = \"project\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n{{ name = \"n\", {first}marker = \"old\" }},\n{{ name = \"n\", {second}marker = \"new\" }},\n]\n\
             [[package]]\nname = \"n\"\nversion = \"1\"\nsource = {{ registry = \"r\" }}\ndependencies = [{{ name = \"of-1\" }}]\n\
             [[package]]\nname = \"n\"\nversion = \"2\"\nsource = {{ registry = \"r\" }}\n\
             [[package]]\nname = \"n\"\nversion = \"2\"\nsource = {{ git = \"g\" }}\ndependencies = [{{ name = \"of-g\" }}]\n\
             [[package]]\nname = \"of-1\"\nversion = \"1\"\n[[package]]\nname = \"of-g\"\nversion = \"1\"\n"
        )
    };
    let told = |first: &str, second: &str| {
        let dependencies = crate::manifest::toml_locks::uv(&lock(first, second), &Halt::default()).unwrap();
        let all = dependencies.iter().flat_map(|(name, versions)| versions.iter().map(move |found| (name, found)));
        let told = all.map(|(name, (version, about))| {
            let markers: Vec<&str> = about.details().markers.iter().map(String::as_str).collect();
            let how = if about.need == Need::Development { "not" } else { &markers.join(" or ") };
            format!("{name} {}: {how}", version.as_str())
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let (one, two) = ("version = \"1\", ", "version = \"2\", ");
    assert_eq!(told(one, two), "n 1: old, n 2: new, n g: new, of-1 1: old, of-g 1: new");
    let git = format!("{two}source = {{ git = \"g\" }}, ");
    assert_eq!(told(one, &git), "n 1: old, n 2: not, n g: new, of-1 1: old, of-g 1: new");
    // What is named by no version, or by one that is not there, may be any of them.
    let any = "n 1: new or old, n 2: new or old, n g: new or old, of-1 1: new or old, of-g 1: new or old";
    assert_eq!(told("", ""), any);
    assert_eq!(told("version = \"3\", ", ""), any);
}

#[test]
fn many_versions_of_one_name_are_no_more_work_than_many_names() {
    let polls = |versions: usize, is_named: bool| {
        let package = |version: usize| Package {
            id: Id { name: "n".to_owned(), version: Some(version.to_string()), source: None },
            version: Some(version.to_string()),
            edges: (0..4).map(|_| Edge { to: id("n"), marker: Some("m".to_owned()), extras: Vec::new() }).collect(),
            ..Package::default()
        };
        let mut packages: Vec<Package> = (0..versions).map(package).collect();
        let edge = |version: &usize| {
            let version = is_named.then(|| version.to_string());
            Edge { to: Id { version, ..id("n") }, marker: None, extras: Vec::new() }
        };
        packages.push(Package {
            id: id("project"),
            version: None,
            edges: (0..versions).collect::<Vec<_>>().iter().map(edge).collect(),
            ..Package::default()
        });
        let halt = Halt::default();
        Graph { packages, ..Graph::default() }.settle(&Workspace::default(), &mut Dependencies::default(), &halt);
        halt.polls()
    };
    for is_named in [false, true] {
        let (some, more) = (polls(1_000, is_named), polls(4_000, is_named));
        assert!(more < 5 * some, "{some} and then {more}");
    }
}

/// What is read in a lock file, by who asks for it and where.
fn read_in(lock: &str) -> String {
    let dependencies = crate::manifest::toml_locks::uv(lock, &Halt::default()).unwrap();
    let all = dependencies.iter().flat_map(|(name, versions)| versions.values().map(move |about| (name, about)));
    let told = all.map(|(name, about)| {
        let markers: Vec<&str> = about.details().markers.iter().map(String::as_str).collect();
        let need = match about.need {
            Need::Required => "",
            Need::Optional => "?",
            Need::Development => "-",
        };
        let is_marked = if markers.is_empty() { "" } else { " if " };
        format!("{name}{need}{is_marked}{}", markers.join(" | "))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    if dependencies.tells_who_asks() { told } else { format!("untold: {told}") }
}

/// A package with its source, with what it asks for, and with what each of its extras does.
fn package(name: &str, source: &str, asked: &str, extras: &[(&str, &str)]) -> String {
    let source = if source.is_empty() { String::new() } else { format!("source = {{ {source} }}\n") };
    let extras: String = extras.iter().map(|(extra, asked)| format!("{extra} = [{asked}]\n")).collect();
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"1\"\n{source}dependencies = [{asked}]\n\
         [package.optional-dependencies]\n{extras}"
    )
}

/// What uv writes: who asks for an extra of a package says so, and may be an extra itself, or a group for development.
#[test]
fn an_extra_is_installed_with_who_asks_for_it() {
    let x =
        package("x", "", "{ name = \"y\" }", &[("e", "{ name = \"z\" }"), ("f", "{ name = \"x\", extra = [\"e\"] }")]);
    let lock = |asked: &str, extras: &[(&str, &str)], dev: &str| {
        let dev = format!("[package.dev-dependencies]\ndev = [{dev}]\n");
        let rest: String = ["y", "z"].iter().map(|name| package(name, "", "", &[])).collect();
        read_in(&(package("root", "editable = \".\"", asked, extras) + &dev + &x + &rest))
    };
    let (plain, with_e, with_f) =
        ("{ name = \"x\" }", "{ name = \"x\", extra = [\"e\"] }", "{ name = \"x\", extra = [\"f\"] }");
    let marked = "{ name = \"x\", extra = [\"e\"], marker = \"m\" }";
    for (asked, extras, dev, expected) in [
        (plain, &[][..], "", "x, y, z-"),
        (plain, &[], with_e, "x, y, z-"),
        (with_e, &[], "", "x, y, z"),
        (with_f, &[], "", "x, y, z"),
        (plain, &[("o", with_e)], "", "x, y, z?"),
        (plain, &[("o", with_f)], "", "x, y, z?"),
        (plain, &[("o", marked)], "", "x, y, z? if m"),
        ("", &[("o", plain)], with_e, "x?, y?, z-"),
        ("", &[("o", "{ name = \"root\", extra = [\"p\"] }"), ("p", with_e)], "", "x?, y?, z?"),
        (marked, &[], "", "x if m, y if m, z if m"),
        (marked, &[("o", plain)], "", "x if extra != '' | m, y if extra != '' | m, z if m"),
        (plain, &[("o", marked)], "", "x, y, z? if m"),
        ("{ name = \"x\", extra = [\"none\"] }", &[], "", "x, y, z-"),
    ] {
        assert_eq!(lock(asked, extras, dev), expected, "{asked} {extras:?} {dev}");
    }
}

/// With an extra it is installed where it is not without one: no other version is wrong there.
#[test]
fn what_is_required_elsewhere_may_be_there_with_an_extra() {
    use crate::layer::LayerSettings;
    use crate::manifest::Environments;
    let root = package(
        "root",
        "virtual = \".\"",
        "{ name = \"x\", marker = \"os_name == 'nt'\" }",
        &[("o", "{ name = \"x\" }")],
    );
    let lock = root + &package("x", "", "", &[]);
    let dependencies = crate::manifest::toml_locks::uv(&lock, &Halt::default()).unwrap();
    let about = dependencies.versions("x").unwrap().values().next().unwrap();
    let runtimes = vec!["python3.12".parse().unwrap()];
    let here = Environments::of(&LayerSettings { compatible_runtimes: runtimes, ..LayerSettings::default() });
    assert_eq!((here.install(about, &Halt::default()), here.allow(about, &Halt::default())), (false, true));
}

/// A layer may be for any project of a workspace. They are no dependencies of each other, and one alone is as any project.
#[test]
fn projects_of_a_workspace_are_told_by_its_members() {
    let ask = |name: &str| format!("{{ name = \"{name}\" }}");
    let lock = |members: &[&str], packages: &[(&str, &str, &str)]| {
        let members = if members.is_empty() { String::new() } else { format!("[manifest]\nmembers = {members:?}\n") };
        let projects =
            packages.iter().map(|(name, source, asked)| package(name, source, asked, &[])).collect::<String>();
        read_in(&(members + &projects + &package("x", "", "", &[]) + &package("y", "", "", &[])))
    };
    let (here, a, b) = ("editable = \".\"", "editable = \"libs/a\"", "virtual = \"libs/b\"");
    let (x, y) = (&*ask("x"), &*ask("y"));
    assert_eq!(lock(&["a", "b"], &[("a", a, x), ("b", b, y)]), "untold: x?, y?");
    assert_eq!(lock(&["a", "b"], &[("a", a, x), ("b", b, &format!("{x}, {y}"))]), "untold: x, y?");
    assert_eq!(lock(&["a", "b"], &[("a", a, x), ("b", b, &format!("{}, {y}", ask("a")))]), "untold: x, y?");
    assert_eq!(lock(&["a", "b"], &[("a", a, x), ("b", b, "")]), "x, y-");
    assert_eq!(lock(&["a", "root"], &[("a", a, x), ("root", here, &ask("a"))]), "untold: x, y-");
    assert_eq!(lock(&["a", "b", "c"], &[("a", a, x), ("b", b, x), ("c", b, y)]), "untold: x?, y?");
    assert_eq!(lock(&["a", "root"], &[("a", a, ""), ("root", here, y)]), "x-, y");
    // Of a folder that is none of a workspace only what is asked for counts.
    assert_eq!(lock(&[], &[("root", here, x), ("a", a, y)]), "a-, x, y-");
    assert_eq!(lock(&[], &[("root", here, x), ("b", b, y)]), "x, y-");
    assert_eq!(lock(&[], &[("root", here, &ask("b")), ("b", b, y)]), "x-, y");
    // Where nothing lies beside the lock file, whatever is a project counts.
    assert_eq!(lock(&[], &[("b", b, y)]), "x-, y");
    assert_eq!(lock(&["gone"], &[("root", here, x)]), "x, y-");
    assert_eq!(lock(&[], &[]), "x, y");
}

#[test]
fn what_all_projects_need_is_not_looked_for_without_end() {
    let asked = |name: &str| format!("{{ name = \"{name}\" }}, ");
    let names: Vec<String> = (0..50).map(|number| format!("n{number}")).collect();
    let all: String = names.iter().map(|name| asked(name)).collect();
    let lock = names.iter().fold(String::new(), |lock, name| lock + &package(name, "virtual = \"x\"", &all, &[]));
    let mut graph = Graph::default();
    let table: Table = toml::from_str(&lock).unwrap();
    for one in table["package"].as_array().unwrap() {
        graph.add(one.as_table().unwrap(), Some("1"));
    }
    graph.packages.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    let projects: Vec<&Package> = graph.packages.iter().collect();
    let shared = |most_steps: usize| graph.shared(&projects, most_steps, &Halt::default()).map(|shared| shared.len());
    assert_eq!((shared(50 * 50 * 50), shared(50 * 50 * 50 - 1)), (Some(50), None));
}
