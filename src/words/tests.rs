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

#[test]
fn hebrew_says_the_same_and_sets_its_values_apart() {
    let date = NaiveDate::from_ymd_opt(2024, 5, 14).unwrap();
    let plain = |text: String| text.replace(['\u{2068}', '\u{2069}'], "");

    let paused = say(Language::He, &Phrase::new("today-paused").with("until", date));
    let steps = |count: u32| say(Language::He, &Phrase::new("amount-steps").with("count", count));

    assert_eq!(plain(paused), "התוכנית שלכם בהפסקה עד סוף יום שלישי, 14 במאי. כל מה שאתם עושים עדיין נחשב.");
    assert_eq!([1, 2, 10].map(|count| plain(steps(count))), ["צעד אחד", "שני צעדים", "10 צעדים"]);
    assert_eq!(steps(3100), "\u{2068}3,100\u{2069} צעדים", "a number keeps its direction");
}
