//! What the API says of itself: `GET /api/v1/openapi.json`, made from the routes and from the types that they take and
//! give.

use axum::Json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Info, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Schema,
        schema::{ArrayBuilder, ObjectBuilder, Type},
        tag::TagBuilder,
    },
};

use crate::{
    config::TargetName,
    goal::{DiaryKind, Measure, Weekdays},
    model::{Flags, ParticipantId, windows::Weekly},
    person::own_time::Since,
    time::Zone,
    words::Language,
};

/// The tag of routes that only the control socket answers.
pub const CONTROL_SOCKET: &str = "control socket";

/// What stands at the top of the description.
pub(super) fn about() -> OpenApi {
    let info: Info = InfoBuilder::new()
        .title("Brisk")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "What the pages and the command line ask for and change. `GET` never changes anything. None and an absent \
             field mean unknown, never zero. docs/api.md says how to ask.",
        ))
        .build();
    let control = TagBuilder::new()
        .name(CONTROL_SOCKET)
        .description(Some("Who may see the pages, and what leaves the house. Answered on the control socket, and not at the pages' address."))
        .build();
    OpenApiBuilder::new().info(info).tags(Some([control])).build()
}

/// The description of this API.
#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn get_openapi() -> Json<OpenApi> {
    Json(super::description())
}

/// Types that are texts in JSON, whatever they are inside: what such a text looks like.
macro_rules! texts {
    ($($kind:ty, $name:literal, $pattern:expr, $about:literal;)*) => {$(
        impl PartialSchema for $kind {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).pattern($pattern).description(Some($about)).into()
            }
        }

        impl ToSchema for $kind {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    )*};
}

texts! {
    ParticipantId, "ParticipantId", Some("^[A-Za-z0-9_-]{1,32}$"), "A study's pseudonym for one person.";
    Measure, "Measure", Some(r"^(leisure_brisk_min|brisk_min|bout_min|leisure_min|steps|diary_min\([a-z0-9_-]{1,32}\))$"),
        "What a goal counts.";
    Flags, "Flags", Some("^([a-z_]+(;[a-z_]+)*)?$"), "Marks on a day, joined by `;`.";
    DiaryKind, "DiaryKind", Some("^[a-z0-9_-]{1,32}$"), "A kind of activity: one that is offered, or a word of one's own.";
    Weekly, "Weekly", None::<String>, "Hours of every week, such as `mon-fri 08:00-16:30; sat 09:00-12:00`, or `none`.";
    Since, "Since", Some(r"^(ever|\d{4}-\d{2}-\d{2})$"), "The first day, or `ever`.";
    Zone, "Zone", None::<String>, "A time zone by its IANA name, such as `Europe/Oslo`; empty for stamps as they stand.";
    TargetName, "TargetName", Some("^[a-z0-9-]{1,16}$"), "What a trial database is called in this home.";
    Language, "Language", Some("^(en|he)$"), "A language of the pages.";
}

impl PartialSchema for Weekdays {
    fn schema() -> RefOr<Schema> {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let day = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        ArrayBuilder::new().items(day).description(Some("Days of the week.")).into()
    }
}

impl ToSchema for Weekdays {
    fn name() -> std::borrow::Cow<'static, str> {
        "Weekdays".into()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::super::description;

    fn document() -> serde_json::Value {
        serde_json::to_value(description()).unwrap()
    }

    #[test]
    fn every_route_says_what_it_does_and_has_a_name_of_its_own() {
        let document = document();
        let mut names = BTreeSet::new();

        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(path.starts_with("/api/v1/"), "{path}");
                assert!(operation["summary"].is_string(), "{method} {path} has no doc comment");
                assert!(operation["responses"]["200"].is_object(), "{method} {path} does not say what it answers");
                let name = operation["operationId"].as_str().unwrap().to_owned();
                assert!(
                    names.insert(name.clone()),
                    "two routes are called {name}; `operation_id` gives one another name"
                );
            }
        }

        assert!(names.len() > 10, "{names:?}");
    }

    #[test]
    fn every_field_says_what_it_is() {
        let document = document();
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            assert!(schema["description"].is_string(), "{name} has no doc comment");
            for (field, about) in schema["properties"].as_object().into_iter().flatten() {
                // What may be unknown is the type or null; its words then stand beside the type.
                let either = about["oneOf"].as_array().into_iter().flatten();
                let says = either.chain([about]).any(|about| about["description"].is_string());
                assert!(says, "{name}.{field} has no doc comment");
            }
        }
    }

    #[test]
    fn whatever_is_referred_to_is_there() {
        let document = document();
        let text = document.to_string();
        let referred = text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
        for place in referred {
            assert!(
                document.pointer(place).is_some(),
                "{place} is not there; a parameter of such a type is `#[param(inline)]`"
            );
        }
    }

    #[test]
    fn no_two_types_share_a_name() {
        let mut files = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        let mut names = BTreeSet::new();

        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for derived in text.split(concat!("utoipa::", "ToSchema)]")).skip(1) {
                let head = derived.split(['{', ';']).next().unwrap();
                let other = head.split_once("#[schema(as = ").map(|(_, rest)| rest.split(')').next().unwrap());
                let name = other.or(head.split_whitespace().last()).unwrap().to_owned();
                assert!(
                    names.insert(name.clone()),
                    "{} in {}: one of two takes the other's place; `#[schema(as = …)]` gives it another name",
                    name,
                    file.display()
                );
            }
        }

        assert!(names.len() > 60, "{names:?}");
    }

    #[test]
    fn no_route_goes_by_without_a_description() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
        let within =
            |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        let (folders, mut files): (Vec<_>, Vec<_>) = within(&folder).into_iter().partition(|path| path.is_dir());
        files.extend(folders.iter().flat_map(|folder| within(folder)));
        for file in files.into_iter().chain([folder.with_extension("rs")]) {
            let text = fs::read_to_string(&file).unwrap();
            let undescribed = [".route", "_service"].map(|way| format!("{way}("));
            let found = undescribed.iter().find(|way| text.contains(way.as_str()));
            assert_eq!(found, None, "{}: write `.routes(routes!(…))`", file.display());
        }
    }
}
