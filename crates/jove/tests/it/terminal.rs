//! Names are shown, never obeyed.

use crate::shell::{Folder, jove};

/// Orders to a terminal: to clear it, to set its title, to colour; by C0, C1 and DEL; and marks that turn text around.
const ORDERS: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{7f}\r\u{202e}\u{2066}\u{8}";

/// Checks that a text holds none of them as they are.
fn check(text: &str, from: &str) {
    let raw = text.chars().find(|c| ORDERS.contains(*c) && !c.is_ascii_graphic());
    assert_eq!(raw, None, "{from}: {text:?}");
}

fn base() -> Folder {
    let name = serde_json::json!(format!("岛{ORDERS}שם"));
    let graph = format!(
        "{{\"id\":{name},\"labels\":{{\"zh\":{name}}},\"types\":[{name}],\"descriptions\":{{\"zh\":{name}}},\"facts\":{{{name}:[\"b\"]}}}}\n\
         {{\"id\":\"b\",\"labels\":{{\"zh\":{name}}},\"facts\":{{\"p\":[{name}]}}}}\n{{\"id\":\"b\",{name}\n"
    );
    let folder =
        Folder::new(&[("graph.jsonl", &graph), ("patterns.toml", ""), ("text.txt", &format!("去岛{ORDERS}שם。\n"))]);
    let said = folder.jove("kb build --out kb.sqlite --source jsonl:graph.jsonl");
    assert_eq!(said.code, 0, "{}", said.err);
    check(&said.out, "kb build");
    folder
}

#[test]
fn tables_and_json_of_a_base_with_orders_in_its_names_hold_none() {
    let folder = base();
    for command in ["kb search kb.sqlite 岛", "kb neighbors kb.sqlite b", "kb stats kb.sqlite", "kb lint kb.sqlite"] {
        for json in ["", " --json"] {
            let ended = folder.jove(&format!("{command}{json}"));
            assert!(ended.code < 2 && !ended.out.is_empty(), "{command}: {}", ended.err);
            check(&(ended.out.clone() + &ended.err), command);
            if !json.is_empty() {
                ended.out.lines().for_each(|line| drop(serde_json::from_str::<serde_json::Value>(line).unwrap()));
            }
        }
    }
    let found = folder.works("kb search kb.sqlite 岛");
    assert!(found.contains("岛\\u{1b}[2J") && found.contains("שם"), "{found}");
    check(&folder.works("link --kb kb.sqlite --input text.txt --output out.jsonl"), "link");
}

#[test]
fn data_goes_to_a_file_as_it_is() {
    let folder = base();
    let exported = folder.works("kb export kb.sqlite");
    let key: serde_json::Value = serde_json::from_str(exported.lines().next().unwrap()).unwrap();
    assert!(key["id"] == "b" || key["id"].as_str().unwrap().contains(ORDERS), "{exported:?}");
    folder.works("kb export kb.sqlite --out copy.jsonl");
    assert_eq!(folder.read("copy.jsonl"), exported);
}

#[test]
fn errors_and_hints_hold_none() {
    let folder = base();
    let odd = format!("x{ORDERS}");
    std::fs::write(folder.path(&format!("{odd}.toml")), format!("name = \"{odd}")).unwrap();
    for arguments in [
        vec!["kb", "stats", &odd],
        vec!["kb", "neighbors", "kb.sqlite", &odd],
        vec!["kb", "build", "--out", "new.sqlite", "--source", &format!("jsonl:{odd}")],
        vec!["kb", "build", "--out", "new.sqlite", "--source", &odd],
        vec!["link", "--kb", &odd, "--input", "text.txt", "--output", "o.jsonl"],
        vec!["run", &format!("{odd}.toml")],
        vec!["run", "none.toml", "--set", &odd],
        vec!["import", "--from", &format!("hub:{odd}"), "--out", "m"],
        vec!["link", "--lang", &odd],
        vec![&odd],
        vec![&format!("--{odd}")],
    ] {
        let ended = jove(&folder.path("."), &arguments);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}");
        check(&ended.err, &format!("{arguments:?}"));
        assert!(ended.err.contains("error: "), "{}", ended.err);
    }
}
