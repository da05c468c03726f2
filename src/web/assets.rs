//! What the pages load beside themselves: a style sheet, a picture for the tab, and a script that is not needed.
//! Nothing comes from anywhere else.

use axum::{
    extract::{Path, RawQuery},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};

use crate::model::hex;

/// A file that is part of the program.
pub struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

/// The look of all pages.
pub const STYLE: Asset =
    Asset { name: "style.css", kind: "text/css; charset=utf-8", text: include_str!("assets/style.css") };
/// Keeps Today up to date.
pub const LIVE: Asset =
    Asset { name: "live.js", kind: "text/javascript; charset=utf-8", text: include_str!("assets/live.js") };
/// The picture in the browser's tab.
pub const ICON: Asset = Asset { name: "icon.svg", kind: "image/svg+xml", text: include_str!("assets/icon.svg") };

const ALL: [&Asset; 3] = [&STYLE, &LIVE, &ICON];

impl Asset {
    /// Its address, which is another one as soon as its content is: browsers may keep it for good.
    pub fn href(&self) -> String {
        format!("/assets/{}?{}", self.name, self.mark())
    }

    /// The first eight hexadecimal digits of its content's SHA-256.
    fn mark(&self) -> String {
        hex(&Sha256::digest(self.text)[..4])
    }
}

/// `GET /assets/{name}`
pub async fn get(Path(name): Path<String>, RawQuery(mark): RawQuery) -> Response {
    let Some(asset) = ALL.into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if mark == Some(asset.mark()) { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, keep)], asset.text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of `#rrggbb` (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_has_a_contrast_of_seven_to_one_and_bars_and_borders_of_three() {
        let themes: Vec<&str> = STYLE.text.split(":root {").skip(1).take(2).collect();
        let (light, dark) = (themes[0], themes[1]);

        for (theme, name) in [(light, "light"), (dark, "dark")] {
            let colour = |key: &str| {
                let rest = theme.split(&format!("{key}: ")).nth(1).unwrap();
                rest.split(';').next().unwrap()
            };
            for (front, back, least) in [
                ("--text", "--paper", 7.0),
                ("--soft", "--paper", 7.0),
                ("--brisk", "--paper", 7.0),
                ("--on-brisk", "--brisk", 7.0),
                ("--edge", "--paper", 3.0),
                ("--diary", "--paper", 3.0),
                ("--focus", "--paper", 3.0),
            ] {
                let ratio = contrast(colour(front), colour(back));
                assert!(ratio >= least, "{front} on {back}, {name}: {ratio:.1}");
            }
        }
    }

    #[test]
    fn the_look_needs_no_side_and_no_motion() {
        let rules: String =
            STYLE.text.split("/*").filter_map(|part| part.split_once("*/")).map(|(_, rules)| rules).collect();

        for refused in ["left", "right", "transition", "animation", "!important", "url("] {
            assert!(!rules.contains(refused), "{refused}");
        }
    }
}
