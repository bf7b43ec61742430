// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The schemas for editors follow the types, and hold for every file.

use std::env;
use std::fs;
use std::path::PathBuf;

use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::super::clause::Clauses;
use super::super::consumer::ConsumerFile;
use super::super::groups::GroupsFile;
use super::super::registers::RegistersFile;
use super::super::series::ConfigurationFile;
use super::super::unlisted::UnlistedFile;
use super::{BASE, CLAUSES, CONTRACT, GROUPS, QEMU, REGISTERS, UNLISTED, files, specs};

const REWRITE: &str = "REGLIST_WRITE_SCHEMA=1 cargo test -p reglist-suite schema";

/// Every schema, by the name of its file.
fn generated() -> [(&'static str, Value); 6] {
    [
        ("clauses", schema::<Clauses>()),
        ("registers", schema::<RegistersFile>()),
        ("unlisted", schema::<UnlistedFile>()),
        ("consumer", schema::<ConsumerFile>()),
        ("groups", schema::<GroupsFile>()),
        ("configuration", schema::<ConfigurationFile>()),
    ]
}

fn schema<T: JsonSchema>() -> Value {
    // Editors know draft 7 best.
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    let comment = format!("SPDX-License-Identifier: Apache-2.0 OR MIT. Generated from suite/src/spec: {REWRITE}");
    schema.insert("$comment".to_owned(), json!(comment));
    schema.into()
}

fn path(name: &str) -> PathBuf {
    specs().join("schema").join(format!("{name}.json"))
}

/// The name of the schema that a file names in its head, where editors find it.
fn kind(file: &str) -> String {
    let text = fs::read_to_string(specs().join(file)).unwrap();
    let named = text
        .lines()
        .find_map(|line| line.strip_prefix("# yaml-language-server: $schema="))
        .unwrap_or_else(|| panic!("{file} names no schema for editors"));
    let path = specs().join(file).parent().unwrap().join(named);
    let folder = path.parent().unwrap().canonicalize().unwrap_or_else(|error| panic!("{file} names {named}: {error}"));
    assert_eq!(folder, specs().join("schema").canonicalize().unwrap(), "{file} names {named}");
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn validator_for(file: &str) -> Validator {
    let kind = kind(file);
    let found = generated().into_iter().find(|(name, _)| *name == kind);
    let (_, schema) = found.unwrap_or_else(|| panic!("{file} names {kind}.json, which is no schema"));
    jsonschema::validator_for(&schema).unwrap()
}

fn value(file: &str) -> Value {
    serde_yaml::from_str(&fs::read_to_string(specs().join(file)).unwrap()).unwrap()
}

#[test]
fn the_files_are_those_that_the_types_generate() {
    for (name, schema) in generated() {
        if env::var_os("REGLIST_WRITE_SCHEMA").is_some() {
            fs::write(path(name), format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())).unwrap();
        }
        let text = fs::read_to_string(path(name)).unwrap_or_default();
        let kept: Value = serde_json::from_str(&text).unwrap_or_default();
        assert!(kept == schema, "specs/schema/{name}.json does not follow the types; to rewrite it:\n{REWRITE}");
    }
}

#[test]
fn every_file_names_the_schema_of_its_kind_and_keeps_to_it() {
    for file in files() {
        let expected = match file.rsplit('/').next().unwrap() {
            "clauses.yaml" => "clauses",
            "registers.yaml" => "registers",
            "unlisted.yaml" => "unlisted",
            "groups.yaml" => "groups",
            _ if file.contains("/consumers/") => "consumer",
            _ => "configuration",
        };
        assert_eq!(kind(&file), expected, "{file}");
        let errors: Vec<String> = validator_for(&file)
            .iter_errors(&value(&file))
            .map(|error| format!("{file}: {}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
}

#[test]
fn the_schemas_refuse_what_loading_refuses() {
    for (file, pointer, key, wrong) in [
        (CLAUSES, "", "colour", json!(3)),
        (CLAUSES, "/clauses/0", "colour", json!(3)),
        (CLAUSES, "/clauses/0", "level", json!("maybe")),
        (CLAUSES, "/clauses/0", "source", json!(["hearsay"])),
        (CLAUSES, "/clauses/0", "why", json!(["hearsay"])),
        (REGISTERS, "", "colour", json!(3)),
        (REGISTERS, "", "architecture", json!("loongarch32")),
        (REGISTERS, "/groups/csr", "colour", json!(3)),
        (REGISTERS, "/groups/csr", "type", json!("msr")),
        (REGISTERS, "/groups/csr/registers/0", "colour", json!(3)),
        (REGISTERS, "/groups/csr/registers/0", "index", json!(-1)),
        (REGISTERS, "/groups/csr/registers/0", "about", json!(" ")),
        (REGISTERS, "/groups/csr/registers/0", "get", json!(3)),
        (REGISTERS, "/groups/csr/registers/0", "rule", json!("loose")),
        (REGISTERS, "/groups/csr/registers/0", "exceptions", json!([{"state": "fresh", "errno": "EINVAL"}])),
        (REGISTERS, "/groups/csr/registers/0", "refuses", json!([{"flip": 1, "errno": "EINVAL"}])),
        (REGISTERS, "/groups/csr/registers/0", "unique", json!({"errno": "EINVAL"})),
        (REGISTERS, "/groups/csr/registers/0", "free", json!(-1)),
        (REGISTERS, "/groups/csr/registers/0", "reloads", json!("yes")),
        (REGISTERS, "/groups/csr/registers/5/conditional", "bits", json!(0)),
        (REGISTERS, "/groups/csr/registers/5/conditional", "colour", json!(3)),
        (REGISTERS, "/groups/lbt/gate", "any", json!([])),
        (REGISTERS, "/groups/lbt/gate", "any", json!(["lbt_sparc"])),
        (REGISTERS, "/groups/lbt/gate", "colour", json!(3)),
        (UNLISTED, "", "colour", json!(3)),
        (UNLISTED, "/unlisted/0", "colour", json!(3)),
        (UNLISTED, "/unlisted/0", "families", json!([])),
        (UNLISTED, "/unlisted/0", "registers", json!(["CRMD", "CRMD"])),
        (UNLISTED, "/unlisted/0", "unnamed", json!({"type": "csr", "first": 0})),
        (QEMU, "", "colour", json!(3)),
        (QEMU, "/saves/1", "colour", json!(3)),
        (QEMU, "/saves/1", "all", json!([])),
        (QEMU, "/saves/1", "all", json!(["x87"])),
        (QEMU, "/saves/2", "registers", json!(["COUNTER", "COUNTER"])),
        (GROUPS, "", "colour", json!(3)),
        (GROUPS, "/groups/csr", "colour", json!(3)),
        (GROUPS, "/groups/csr", "registers", json!(["CRMD", "CRMD"])),
        (GROUPS, "", "list", json!(["csr", "csr"])),
        (GROUPS, "/groups/pmu", "when", json!([])),
        (GROUPS, "/groups/pmu", "when", json!(["x87"])),
        (BASE, "", "colour", json!(3)),
        (BASE, "", "features", json!(["x87"])),
        (BASE, "", "groups", json!(["csr", "csr"])),
        (BASE, "", "count", json!("76")),
        (BASE, "", "contract_only", json!(true)),
        (CONTRACT, "", "contract_only", json!(false)),
        (CONTRACT, "", "groups", json!([])),
        (CONTRACT, "", "count", json!(0)),
    ] {
        let mut value = value(file);
        let object = value.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap();
        object.insert(key.to_owned(), wrong.clone());
        assert!(!validator_for(file).is_valid(&value), "{file} {pointer}: {key}: {wrong}");
    }
}

#[test]
fn the_schemas_refuse_a_missing_key() {
    for file in [CLAUSES, REGISTERS, UNLISTED, QEMU, GROUPS, BASE, CONTRACT] {
        let (validator, value) = (validator_for(file), value(file));
        for key in value.as_object().unwrap().keys() {
            let mut without = value.clone();
            without.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&without), "{file} without {key}");
        }
    }
}

#[test]
fn the_schemas_refuse_an_exception_without_registers() {
    let mut value = value(UNLISTED);
    value["unlisted"][0].as_object_mut().unwrap().remove("families");
    assert!(!validator_for(UNLISTED).is_valid(&value));
}
