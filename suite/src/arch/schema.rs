// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Names of all architectures, for the JSON schemas.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{ALL, Feature, RegisterType};

fn any_of<'a>(description: &str, names: impl Iterator<Item = (&'a str, &'a str)>) -> Schema {
    let names = names.map(|(name, about)| json_schema!({"const": name, "description": about, "type": "string"}));
    json_schema!({"description": description, "oneOf": names.collect::<Vec<_>>()})
}

impl JsonSchema for RegisterType {
    fn schema_name() -> Cow<'static, str> {
        "RegisterType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let types = ALL.iter().flat_map(|arch| arch.types());
        any_of("How an id is formed from an index.", types.map(|type_| (type_.name, type_.about)))
    }
}

impl JsonSchema for Feature {
    fn schema_name() -> Cow<'static, str> {
        "Feature".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let features = ALL.iter().flat_map(|arch| arch.features());
        any_of(
            "A guest feature that a configuration switches on.",
            features.map(|feature| (feature.name, feature.about)),
        )
    }
}
