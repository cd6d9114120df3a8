//! From a JSON value to a type, with what does not fit as data: what it is, and where.
//!
//! serde's own errors are texts in which values stand; they would have to be taken apart again, and bring the formatting
//! of floating-point numbers, a tenth of a small component.
//!
//! Invariant: no value of a setting is kept in an error, but a key, and a word where one of a few was wanted, which is
//! only compared. Tests: `mod.rs`, and below.

use std::fmt::{self, Display};

use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::Value;

/// Why a value does not fit a type.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) fault: Fault,
    /// Keys and places in lists, the innermost first.
    path: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Fault {
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    MissingKey(&'static str),
    UnknownWord {
        word: String,
        known: &'static [&'static str],
    },
    /// What was wanted, in serde's words; what was found, in the user's, if that is of another kind.
    Kind {
        wanted: String,
        found: Option<&'static str>,
    },
    /// What a type's own parser says, which may quote a value.
    Said(String),
}

/// Reads a value.
pub(super) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Misfit> {
    T::deserialize(Reader(value))
}

impl Misfit {
    fn new(fault: Fault) -> Misfit {
        Misfit {
            fault,
            path: Vec::new(),
        }
    }

    fn kind(wanted: &str, found: &Value) -> Misfit {
        Misfit::new(Fault::Kind {
            wanted: wanted.to_owned(),
            found: Some(match found {
                Value::Null => "nothing",
                Value::Bool(_) => "a boolean",
                Value::Number(_) => "a number",
                Value::String(_) => "a string",
                Value::Array(_) => "a list",
                Value::Object(_) => "a table",
            }),
        })
    }

    /// The same, seen from the table or list that it is in.
    fn below(mut self, segment: &str) -> Misfit {
        self.path.push(segment.to_owned());
        self
    }

    /// Where it is, as a JSON pointer (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in self.path.iter().rev() {
            pointer.push('/');
            pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }
}

impl Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it does not fit")
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: Display>(said: T) -> Misfit {
        Misfit::new(Fault::Said(said.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Misfit {
        let found = match found {
            Unexpected::Str(_) | Unexpected::Char(_) => Some("a string"),
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => Some("an integer"),
            Unexpected::Float(_) => Some("a number"),
            Unexpected::Bool(_) => Some("a boolean"),
            Unexpected::Seq => Some("a list"),
            Unexpected::Map => Some("a table"),
            Unexpected::Unit | Unexpected::Option => Some("nothing"),
            _ => None,
        };
        Misfit::new(Fault::Kind {
            wanted: wanted.to_string(),
            found,
        })
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Misfit {
        Misfit::new(Fault::Kind {
            wanted: wanted.to_string(),
            found: None,
        })
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Misfit {
        Misfit::new(Fault::UnknownWord {
            word: word.to_owned(),
            known,
        })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Misfit {
        Misfit::new(Fault::UnknownKey {
            key: key.to_owned(),
            known,
        })
    }

    fn missing_field(key: &'static str) -> Misfit {
        Misfit::new(Fault::MissingKey(key))
    }
}

/// A value, to be read.
struct Reader<'v>(&'v Value);

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(is) => visitor.visit_bool(*is),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(list) => visitor.visit_seq(Items {
                all: list.iter(),
                next: 0,
            }),
            Value::Object(table) => visitor.visit_map(Entries {
                all: table.iter(),
                current: None,
            }),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let value = self.0;
        match value {
            Value::String(word) => visitor.visit_enum(Variant { word, value: None }),
            Value::Object(table) if table.len() == 1 => match table.iter().next() {
                Some((word, value)) => visitor.visit_enum(Variant {
                    word,
                    value: Some(value),
                }),
                None => Err(Misfit::kind("a string", value)),
            },
            _ => Err(Misfit::kind("a string", value)),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// The items of a list.
struct Items<'v> {
    all: std::slice::Iter<'v, Value>,
    next: usize,
}

impl<'v> SeqAccess<'v> for Items<'v> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'v>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some(value) = self.all.next() else {
            return Ok(None);
        };
        let place = self.next;
        self.next += 1;
        seed.deserialize(Reader(value))
            .map(Some)
            .map_err(|misfit| misfit.below(&place.to_string()))
    }
}

/// The keys of a table with their values.
struct Entries<'v> {
    all: serde_json::map::Iter<'v>,
    /// The one whose key was asked for last.
    current: Option<(&'v str, &'v Value)>,
}

impl<'v> MapAccess<'v> for Entries<'v> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'v>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.all.next() else {
            return Ok(None);
        };
        self.current = Some((key, value));
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
            .map_err(|misfit: Misfit| misfit.below(key))
    }

    fn next_value_seed<V: DeserializeSeed<'v>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (key, value) = self.current.take().unwrap_or(("", &Value::Null));
        seed.deserialize(Reader(value))
            .map_err(|misfit| misfit.below(key))
    }
}

/// One of several words, which may have a value: `"word"`, or `{"word": value}`.
struct Variant<'v> {
    word: &'v str,
    value: Option<&'v Value>,
}

impl<'v> EnumAccess<'v> for Variant<'v> {
    type Error = Misfit;
    type Variant = Variant<'v>;

    fn variant_seed<V: DeserializeSeed<'v>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Variant<'v>), Misfit> {
        let word = seed.deserialize(BorrowedStrDeserializer::new(self.word))?;
        Ok((word, self))
    }
}

impl<'v> Variant<'v> {
    fn value(&self) -> Reader<'v> {
        Reader(self.value.unwrap_or(&Value::Null))
    }

    /// Says of a misfit that it is below the word, where a table names the word.
    fn place<T>(&self, read: Result<T, Misfit>) -> Result<T, Misfit> {
        match self.value {
            Some(_) => read.map_err(|misfit| misfit.below(self.word)),
            None => read,
        }
    }
}

impl<'v> VariantAccess<'v> for Variant<'v> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        self.place(<()>::deserialize(self.value()))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'v>>(self, seed: T) -> Result<T::Value, Misfit> {
        self.place(seed.deserialize(self.value()))
    }

    fn tuple_variant<V: Visitor<'v>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.place(self.value().deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'v>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.place(self.value().deserialize_any(visitor))
    }
}
