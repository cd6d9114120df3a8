//! The JSON Schemas of words that travel as text of their own form, for the description of the HTTP API.
//!
//! Words that derive their form derive their schema too, where they stand. Tests: the product compares the whole
//! description with `web/openapi.json`.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::event_kind::EventKind;
use super::ids::{RunId, UnitName};
use super::notice::MessageId;

/// A ULID: 26 digits of Crockford's base 32.
const ULID: &str = "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$";

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .description(Some(description))
}

fn done(object: ObjectBuilder) -> RefOr<Schema> {
    RefOr::T(Schema::Object(object.build()))
}

macro_rules! named {
    ($($word:ty, $name:literal, $schema:expr;)+) => {
        $(impl PartialSchema for $word {
            fn schema() -> RefOr<Schema> {
                done($schema)
            }
        }

        impl ToSchema for $word {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        })+
    };
}

named! {
    UnitName, "UnitName", text("The name of a unit: letters, digits, `.`, `_`, `-` and `:`.")
        .min_length(Some(1))
        .max_length(Some(100))
        .pattern(Some("^[A-Za-z0-9._:-]+$"))
        .examples(["backup"]);
    RunId, "RunId", text("The id of a run: a ULID, so ids sort by time.")
        .pattern(Some(ULID))
        .examples(["01K5ZV4S7Q8Y2M3N4P5R6S7T8V"]);
    MessageId, "MessageId", text("The id of a message to people: a ULID that is derived from what it tells of.")
        .pattern(Some(ULID));
    EventKind, "EventKind", text("A kind of event that people may be told of. The list can grow.")
        .enum_values(Some(EventKind::ALL.iter().map(|kind| kind.as_str())));
}
