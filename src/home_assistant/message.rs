//! What is told: topics and texts, by the discovery of Home Assistant's MQTT integration
//! (<https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>, sensors:
//! <https://www.home-assistant.io/integrations/sensor.mqtt/>).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    config::Display,
    goal::Measure,
    web::pages::today::Numbers,
    words::{Language, Phrase, say},
};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub topic: String,
    /// What; an empty text takes back what the broker keeps there.
    pub text: String,
    /// Whether the broker keeps it for who listens later.
    pub kept: bool,
}

/// The name of this home for its displays: `brisk_` and sixteen hexadecimal digits from chance. It says nothing of
/// anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Node(String);

/// What is shown, and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// How much the person's pages show.
    pub display: Display,
    /// In which language.
    pub language: Language,
    /// The numbers.
    pub numbers: Numbers,
}

impl Shown {
    /// Nothing that could be anybody's.
    pub fn nothing() -> Self {
        Self { display: Display::Blinded, language: Language::default(), numbers: Numbers::default() }
    }
}

/// One number on the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    Minutes,
    Plan,
    Steps,
    Battery,
}

impl Object {
    const ALL: [Self; 4] = [Self::Minutes, Self::Plan, Self::Steps, Self::Battery];

    fn key(self) -> &'static str {
        match self {
            Self::Minutes => "minutes",
            Self::Plan => "plan",
            Self::Steps => "steps",
            Self::Battery => "battery",
        }
    }

    /// Whether there is such a number on the person's page.
    fn is_shown(self, shown: &Shown) -> bool {
        match (shown.display, self) {
            (Display::Full, _) | (_, Self::Battery) | (Display::StepsOnly, Self::Steps) => true,
            (Display::StepsOnly, Self::Plan) => shown.numbers.measure == Some(Measure::Steps),
            (Display::StepsOnly, Self::Minutes) | (Display::Blinded, _) => false,
        }
    }

    fn value(self, numbers: &Numbers) -> Option<u32> {
        match self {
            Self::Minutes => numbers.minutes,
            Self::Plan => numbers.plan,
            Self::Steps => numbers.steps,
            Self::Battery => numbers.battery_percent.map(u32::from),
        }
    }

    /// What Home Assistant is to know of it beside its name and where to find it.
    fn traits(self, measure: Option<&Measure>) -> Value {
        let minutes = |icon| json!({"unit_of_measurement": "min", "device_class": "duration", "icon": icon});
        let mut traits = match self {
            Self::Minutes => minutes("mdi:walk"),
            Self::Plan if measure == Some(&Measure::Steps) => {
                json!({"unit_of_measurement": "steps", "icon": "mdi:flag-checkered"})
            }
            Self::Plan => minutes("mdi:flag-checkered"),
            Self::Steps => json!({"unit_of_measurement": "steps", "icon": "mdi:shoe-print"}),
            Self::Battery => json!({
                "unit_of_measurement": "%", "device_class": "battery", "state_class": "measurement",
                "entity_category": "diagnostic",
            }),
        };
        if matches!(self, Self::Minutes | Self::Steps) {
            // Begins anew every day.
            traits["state_class"] = json!("total_increasing");
        }
        traits
    }

    fn name(self, shown: &Shown) -> String {
        let key = match (self, &shown.numbers.measure) {
            (Self::Minutes, Some(Measure::LeisureMin | Measure::DiaryMin(_))) => "display-minutes",
            (Self::Minutes, _) => "display-minutes-brisk",
            (Self::Plan, _) => "display-plan",
            (Self::Steps, _) => "display-steps",
            (Self::Battery, _) => "display-battery",
        };
        say(shown.language, &Phrase::new(key))
    }
}

impl Node {
    /// With these hexadecimal digits.
    pub fn from_digits(digits: &str) -> Self {
        Self(format!("brisk_{digits}"))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// That somebody is there, or nobody any more. The broker is handed the latter beforehand, as a last will.
    pub fn presence(&self, there: bool) -> Message {
        let text = if there { "online" } else { "offline" };
        Message { topic: self.topic("online"), text: text.to_owned(), kept: true }
    }

    /// What there is to show; what there is not, or not any more, is taken back.
    pub fn announcement(&self, shown: &Shown) -> Vec<Message> {
        let config = |object: Object| Message {
            topic: self.config_topic(object),
            text: if object.is_shown(shown) { self.discovery(object, shown).to_string() } else { String::new() },
            kept: true,
        };
        Object::ALL.into_iter().map(config).collect()
    }

    /// The numbers; unknown ones are null. They are a person's, so the broker keeps none.
    pub fn state(&self, shown: &Shown) -> Message {
        let shown_ones = Object::ALL.into_iter().filter(|object| object.is_shown(shown));
        let values: Map<_, _> =
            shown_ones.map(|object| (object.key().to_owned(), json!(object.value(&shown.numbers)))).collect();
        Message { topic: self.topic("state"), text: Value::Object(values).to_string(), kept: false }
    }

    /// Takes back everything that a broker may keep.
    pub fn removal(&self) -> Vec<Message> {
        let topics = Object::ALL.into_iter().map(|object| self.config_topic(object)).chain([self.topic("online")]);
        topics.map(|topic| Message { topic, text: String::new(), kept: true }).collect()
    }

    fn topic(&self, last: &str) -> String {
        format!("brisk/{}/{last}", self.0)
    }

    fn config_topic(&self, object: Object) -> String {
        format!("homeassistant/sensor/{}/{}/config", self.0, object.key())
    }

    fn discovery(&self, object: Object, shown: &Shown) -> Value {
        const VERSION: &str = env!("CARGO_PKG_VERSION");
        let key = object.key();
        let mut config = json!({
            "name": object.name(shown),
            "unique_id": format!("{}_{key}", self.0),
            // Took the place of `object_id` in Home Assistant 2025.10; older ones make a name of their own.
            "default_entity_id": format!("sensor.brisk_{key}"),
            "state_topic": self.topic("state"),
            // A null becomes "None", which Home Assistant shows as unknown.
            "value_template": format!("{{{{ value_json.{key} }}}}"),
            "availability_topic": self.topic("online"),
            "device": {"identifiers": [self.0], "name": "Brisk", "sw_version": VERSION},
            "origin": {"name": "Brisk", "sw_version": VERSION},
        });
        if let (Value::Object(config), Value::Object(traits)) =
            (&mut config, object.traits(shown.numbers.measure.as_ref()))
        {
            config.extend(traits);
        }
        config
    }
}

impl TryFrom<String> for Node {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let digits = name.strip_prefix("brisk_").unwrap_or_default();
        if digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(name))
        } else {
            Err("not a name of this home for its displays".to_owned())
        }
    }
}

impl From<Node> for String {
    fn from(node: Node) -> Self {
        node.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node::from_digits("0123456789abcdef")
    }

    fn shown(display: Display) -> Shown {
        let numbers =
            Numbers { measure: None, minutes: Some(13), plan: Some(20), steps: Some(5000), battery_percent: Some(80) };
        Shown { display, language: Language::En, numbers }
    }

    fn configs(shown: &Shown) -> Vec<Value> {
        let texts = node().announcement(shown).into_iter().map(|message| message.text);
        texts.filter(|text| !text.is_empty()).map(|text| serde_json::from_str(&text).unwrap()).collect()
    }

    #[test]
    fn what_the_broker_is_told_to_keep_holds_no_number_of_the_person() {
        for message in node().announcement(&shown(Display::Full)) {
            assert!(message.kept && !message.text.contains("13") && !message.text.contains("5000"), "{message:?}");
        }
        assert!(!node().state(&shown(Display::Full)).kept);
    }

    #[test]
    fn unknown_is_null() {
        let unknown = Shown { numbers: Numbers::default(), ..shown(Display::Full) };

        let told = node().state(&unknown);

        assert_eq!(told.topic, "brisk/brisk_0123456789abcdef/state");
        assert_eq!(told.text, r#"{"battery":null,"minutes":null,"plan":null,"steps":null}"#);
    }

    #[test]
    fn nothing_is_announced_or_told_beyond_what_the_page_shows() {
        for (display, measure, keys) in [
            (Display::Full, None, vec!["battery", "minutes", "plan", "steps"]),
            (Display::StepsOnly, None, vec!["battery", "steps"]),
            (Display::StepsOnly, Some(Measure::Steps), vec!["battery", "plan", "steps"]),
            (Display::Blinded, Some(Measure::Steps), vec!["battery"]),
        ] {
            let mut shown = shown(display);
            shown.numbers.measure = measure;

            let state: Value = serde_json::from_str(&node().state(&shown).text).unwrap();
            let announced = configs(&shown).len();

            assert_eq!(state.as_object().unwrap().keys().collect::<Vec<_>>(), keys, "{display:?}");
            assert_eq!(announced, keys.len(), "{display:?}");
        }
    }

    #[test]
    fn minutes_and_plan_are_called_by_what_the_plan_counts() {
        let mut steps = shown(Display::Full);
        steps.numbers.measure = Some(Measure::Steps);
        let mut all = shown(Display::Full);
        all.numbers.measure = Some(Measure::LeisureMin);

        let [brisk, steps, all] = [shown(Display::Full), steps, all].map(|shown| configs(&shown));

        assert_eq!([&brisk[0]["name"], &all[0]["name"]], ["Brisk minutes today", "Minutes today"]);
        assert_eq!([&brisk[1]["unit_of_measurement"], &steps[1]["unit_of_measurement"]], ["min", "steps"]);
        assert_eq!(steps[1].get("device_class"), None);
    }

    #[test]
    fn removal_empties_every_topic_that_is_kept() {
        let kept: Vec<_> =
            node().announcement(&shown(Display::Full)).into_iter().chain([node().presence(true)]).collect();

        let removal = node().removal();

        assert!(removal.iter().all(|message| message.kept && message.text.is_empty()));
        assert!(kept.iter().all(|kept| removal.iter().any(|emptied| emptied.topic == kept.topic)));
    }
}
