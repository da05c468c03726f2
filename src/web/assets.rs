//! What the pages load beside themselves: a style sheet, a picture for the tab, and a script that is not needed.
//! Nothing comes from anywhere else.

use std::fmt::Write as _;

use axum::{
    extract::{Path, RawQuery},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};

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
        let digest = Sha256::digest(self.text);
        digest.iter().take(4).fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").ok();
            hex
        })
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
