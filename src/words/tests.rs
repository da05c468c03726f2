use super::*;

#[test]
fn a_phrase_becomes_a_sentence_with_its_values() {
    let date = NaiveDate::from_ymd_opt(2026, 5, 14).unwrap();
    let phrase = Phrase::new("today-paused").with("until", date);

    assert_eq!(
        phrase.english(),
        "Your plan is paused until the end of Thursday 14 May. Everything you do still counts."
    );
}
