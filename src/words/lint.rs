//! The words that no sentence for a person uses: they frighten, order or scold.

/// Words that frighten, order or scold; a `*` stands for any ending.
const REFUSED: &str = "damage* injur* harm* protect* careful caution danger* risk* weak* avoid* overdo fail* miss* behind \
    should must streak lazy burn cure* treat* heal heals healing relieve* prevent* proven normal abnormal* pain* ache* hurt*";

/// Phrases that do the same.
const REFUSED_PHRASES: [&[&str]; 3] = [&["wear", "and", "tear"], &["stop", "if"], &["too", "much"]];

/// The words of a text that no sentence for a person may use, in lower case, in the order in which
/// they stand. "Only" counts when a number follows it.
pub fn refused_words(text: &str) -> Vec<String> {
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let refused = |word: &str| {
        REFUSED.split_whitespace().any(|rule| match rule.strip_suffix('*') {
            Some(stem) => word.starts_with(stem),
            None => word == rule,
        })
    };
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let rest = &words[place..];
        let number_next = rest.get(1).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
        if refused(word) || (word == "only" && number_next) {
            found.push(word.clone());
        }
        found.extend(REFUSED_PHRASES.iter().filter(|phrase| begins_with(rest, phrase)).map(|p| p.join(" ")));
    }
    found
}

/// Whether a list of words begins with these.
fn begins_with(words: &[String], phrase: &[&str]) -> bool {
    words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, want)| word == want)
}
