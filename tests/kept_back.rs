//! What the command line says of somebody whose study keeps numbers to itself, and what it still hands to programs.

mod support;

use crate::support::*;

#[test]
fn who_is_shown_no_number_is_told_so_in_the_terminal_and_what_is_exported_is_whole() {
    for display in ["blinded", "steps-only"] {
        let home = Home::with_counter(&days_until_now(5, 3));
        home.change_settings(|text| {
            format!("{text}person = \"me\"\n\n[[person]]\nid = \"me\"\ndisplay = \"{display}\"\n")
        });
        let daemon = home.daemon();
        home.complete();

        let (today, week, review) = (home.run(&["today"]), home.run(&["week"]), home.run(&["review"]));
        let for_programs = home.json(&["today"]);
        let exported = home.run(&["export", "days", "-o", home.path("out").to_str().unwrap()]);

        for ran in [today, week, review] {
            assert_eq!(ran.code, Some(0), "{}", ran.err);
            assert_eq!(
                ran.out.trim(),
                "While your study is under way, it keeps numbers to itself. The pages show what there is to see."
            );
        }
        assert!(for_programs["row"]["total_steps"].is_u64(), "{for_programs}");
        assert_eq!(exported.code, Some(0), "{}", exported.err);
        daemon.terminate();
    }
}

#[test]
fn proposals_are_kept_back_too_and_handed_to_programs() {
    let home = Home::new();
    assert_eq!(home.run(&["demo", "--once", "--days", "21"]).code, Some(0));
    let proposed = home.run(&["goal", "propose"]);

    home.change_settings(|text| {
        let text = text.replace("[[counter]]", "[[counter]]\nperson = \"me\"");
        format!("{text}\n[[person]]\nid = \"me\"\ndisplay = \"blinded\"\n")
    });
    let kept = home.run(&["goal", "propose"]);
    let for_programs = home.json(&["goal", "propose"]);

    assert!(proposed.out.contains("minutes"), "{}{}", proposed.out, proposed.err);
    assert_eq!(kept.code, Some(0), "{}", kept.err);
    assert_eq!(
        kept.out.trim(),
        "While your study is under way, it keeps numbers to itself. The pages show what there is to see."
    );
    assert!(for_programs["proposals"][0]["goal"]["amount"].is_u64(), "{for_programs}");
}
