//! The words that no sentence for a person uses: they frighten, order or scold. One list for each language; a text is
//! held against all of them.

/// English words; a `*` stands for any ending.
const ENGLISH: &str = "damage* injur* harm* protect* careful caution danger* risk* weak* avoid* overdo fail* miss* behind \
    should must streak lazy burn cure* treat* heal heals healing relieve* prevent* proven normal abnormal*";
/// English words for pain, which only a check-in asks about.
const ENGLISH_PAIN: &str = "pain pains painful painless painkiller* ache* aching backache* hurt* sore soreness";
/// English phrases.
const ENGLISH_PHRASES: &[&[&str]] = &[&["wear", "and", "tear"], &["stop", "if"], &["too", "much"]];

/// Hebrew words of the same meanings, in the same order. Each also counts with the letters that Hebrew writes
/// together with a word, see [`WRITTEN_TOGETHER`]. A stem stands here only where no harmless word begins alike:
/// "הגן" is also the garden, "מרפאה" a clinic, "הבריאות" health.
const HEBREW: &str = "נזק* פציע* פצוע* נפצע* פגיע* נפגע* הזיק* מזיק* יזיק* תזיק* בלאי שחיק* שחוק* \
    להגן מגן מגנה מגנים הגנה הגנת מוגן מוגנת מוגנים זהיר* היזהר* להיזהר נזהר* אזהר* סכנ* מסוכן מסוכנ* סיכון סיכונ* מסכנ* לסכן הסתכנ* \
    חלש* חולש* החליש* מחליש* הימנע* להימנע נמנע* יימנע* תימנע* להגזים מגזימ* תגזימ* הגזמ* מוגזמ* מוגזם \
    נכשל* היכשל* להיכשל כישל* כשל כשלים כשלון כשלונות פספס* פיספס* תפספס* מפספס* החמיצ* החמיץ תחמיצ* החמצ* חסר חסרה חסרים חסרות \
    מאחור* פיגור* מפגר* צריך צריכה צריכים צריכות אמור אמורה אמורים אמורות חייב חייבת חייבים חייבות מוכרח* חובה \
    רצף רצפים עצל* לשרוף שורף שורפ* שרף שרפ* שריפ* ריפוי ריפא* לרפא מרפא נרפא* להירפא תרופ* \
    טיפול* טיפל* לטפל החלמ* החלים להחלים מחלימ* להבריא הבראה הקלה הקלת להקל מקל מקלה מקלים מקילה מקילים \
    מניעה מניעת למנוע מונע מונעת מונעים מונעות ימנע תמנע תמנעו מוכח מוכחת מוכחים מוכחות הוכח הוכחה הוכחות הוכיח* \
    נורמלי* תקין תקינ* חריג*";
/// Hebrew words for pain.
const HEBREW_PAIN: &str = "כאב כאבי* כואב* מכאוב* הכאיב* מכאיב* להכאיב";
/// Hebrew phrases.
const HEBREW_PHRASES: &[&[&str]] = &[
    &["יותר", "מדי"],
    &["יותר", "מידי"],
    &["להפסיק", "אם"],
    &["הפסיקו", "אם"],
    &["לעצור", "אם"],
    &["עצרו", "אם"],
    &["נא", "להפסיק"],
];

/// Letters that Hebrew writes together with the word behind them: and, in, as, to, from, that, the.
const WRITTEN_TOGETHER: [char; 7] = ['ו', 'ב', 'כ', 'ל', 'מ', 'ש', 'ה'];
/// How many of them may stand before one word.
const TOGETHER_MOST: usize = 4;

/// Messages whose key begins like this are questions of a check-in, and may name pain.
const CHECK_IN: &str = "check-in-";

/// The words of a text that no sentence for a person may use, in lower case, in the order in which they stand.
/// "Only" counts beside a number: nobody did only that much.
pub fn refused_words(text: &str) -> Vec<String> {
    refused_in("", text)
}

/// The same for the message with this key: a check-in may name pain, and nothing else may.
pub fn refused_in(key: &str, text: &str) -> Vec<String> {
    let pain = !key.starts_with(CHECK_IN);
    let words = words(text);
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let (before, rest) = words.split_at(place);
        let frightens = listed(ENGLISH, word) || (pain && listed(ENGLISH_PAIN, word));
        let hebrew =
            || without_letters_before(word).any(|word| listed(HEBREW, word) || pain && listed(HEBREW_PAIN, word));
        if frightens || hebrew() || only(before, word, &rest[1..]) {
            found.push(word.clone());
        }
        let phrases = ENGLISH_PHRASES.iter().chain(HEBREW_PHRASES);
        found.extend(phrases.filter(|phrase| begins_with(rest, phrase)).map(|phrase| phrase.join(" ")));
    }
    found
}

/// The words of a text in lower case, Hebrew ones without points.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.chars().filter(|c| !is_hebrew_point(*c)).collect();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn is_hebrew_point(c: char) -> bool {
    matches!(c, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}')
}

/// Whether a word stands in a list, whole, or by its beginning where the list says so.
fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|rule| match rule.strip_suffix('*') {
        Some(stem) => word.starts_with(stem),
        None => word == rule,
    })
}

/// The word itself, then without one, two … of the letters that are written together with it.
fn without_letters_before(word: &str) -> impl Iterator<Item = &str> {
    let cuts = word.char_indices().take_while(|(_, c)| WRITTEN_TOGETHER.contains(c)).take(TOGETHER_MOST);
    std::iter::once(word).chain(cuts.map(|(at, c)| &word[at + c.len_utf8()..]))
}

/// Whether this word is an "only" that belittles a number: "only 12", "רק 12", "12 צעדים בלבד".
fn only(before: &[String], word: &str, after: &[String]) -> bool {
    let is_number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
    match word {
        "only" | "רק" => after.first().is_some_and(is_number),
        "בלבד" => before.iter().rev().take(2).any(is_number),
        _ => false,
    }
}

/// Whether a list of words begins with these.
fn begins_with(words: &[String], phrase: &[&str]) -> bool {
    words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, want)| word == want)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_words_are_refused_whole_and_in_any_case() {
        for (text, found) in [
            ("You've taken only 12 steps so far", vec!["only"]),
            ("We show the steps only.", vec![]),
            ("The only way is yours. 12 only.", vec![]),
            ("Be CAREFUL, walking may cause injuries", vec!["careful", "injuries"]),
            ("You failed and missed your streak!", vec!["failed", "missed", "streak"]),
            ("Wear and tear; too much; stop if", vec!["wear and tear", "too much", "stop if"]),
            ("Heal the world, mustard, burner, normally, commission, paint", vec!["heal"]),
            ("A proven cure: you should treat it", vec!["proven", "cure", "should", "treat"]),
        ] {
            assert_eq!(refused_words(text), found, "{text}");
        }
    }

    #[test]
    fn every_word_that_the_wording_rules_name_is_refused() {
        let named = "damage damaged injury harmful protection careful caution dangerous risky weakness avoid avoiding overdo \
            failure missing behind should must streak lazy burn cured treatment heal heals healing relieves prevention \
            proven normal abnormality";
        for word in named.split_whitespace() {
            assert_eq!(refused_words(&format!("So {word}, then")), [word]);
        }
    }

    #[test]
    fn hebrew_words_are_refused_with_the_letters_written_before_them() {
        for (text, found) in [
            ("ההליכה מסוכנת", vec!["מסוכנת"]),
            ("בזהירות, ושבסכנה", vec!["בזהירות", "ושבסכנה"]),
            ("נכשלתם והחמצתם את הרצף", vec!["נכשלתם", "והחמצתם", "הרצף"]),
            ("עשיתם רק 12 צעדים", vec!["רק"]),
            ("12 צעדים בלבד", vec!["בלבד"]),
            ("מוצגים הצעדים בלבד", vec![]),
            ("לא יותר מדי", vec!["יותר מדי"]),
            ("אתם צריכים לשרוף", vec!["צריכים", "לשרוף"]),
            ("נֶזֶק", vec!["נזק"]),
            ("גינון בגן, שאלה על הבריאות, המרפאה, כשלא נוח", vec![]),
        ] {
            assert_eq!(refused_words(text), found, "{text}");
        }
    }

    #[test]
    fn pain_is_named_in_a_check_in_alone() {
        for text in ["How bad is your pain?", "מה מידת הכאב?"] {
            assert_eq!(refused_in("check-in-pain", text), Vec::<String>::new());
            assert_eq!(refused_in("today-some", text).len(), 1, "{text}");
            assert_eq!(refused_words(text).len(), 1, "{text}");
        }
        assert_eq!(refused_in("check-in-pain", "Your weak back"), ["weak"]);
    }
}
