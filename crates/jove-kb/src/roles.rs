//! Which attributes are names, descriptions and types rather than facts.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What an attribute of a source becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// An edge to another entity.
    #[default]
    Fact,
    /// A value that is text.
    Literal,
    /// The main name.
    Label,
    /// A further name.
    Alias,
    /// A name: the label where its language has none, else an alias.
    Name,
    /// A description.
    Description,
    /// A type.
    Type,
    /// A number that says how well known the entity is.
    Popularity,
    /// Another key of the same entity.
    SameAs,
    /// The entity that the subject's key leads to.
    Redirect,
    /// Not kept.
    Ignore,
}

/// Attribute names and their roles.
///
/// As TOML: a table `[roles]` from attribute to role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Roles {
    /// Role of each attribute.
    pub(crate) roles: BTreeMap<String, Role>,
    /// Role of attributes that are not named. Default `fact`.
    pub(crate) other: Role,
}

impl Roles {
    /// The roles that tables of triples use when no file says otherwise.
    pub(crate) fn common() -> Self {
        let named = [
            (Role::Label, &["label", "rdfs:label", "skos:prefLabel", "名称", "中文名", "中文名称"][..]),
            (Role::Alias, &["alias", "aliases", "altLabel", "skos:altLabel", "别名", "又名", "别称", "俗称", "简称"]),
            (
                Role::Description,
                &["description", "schema:description", "rdfs:comment", "描述", "简介", "歧义关系_desc"],
            ),
            (Role::Type, &["instance of", "type", "rdf:type", "is a", "类型", "P31"]),
            (Role::SameAs, &["same as", "sameAs", "owl:sameAs"]),
        ];
        let roles = named
            .into_iter()
            .flat_map(|(role, names)| names.iter().map(move |name| ((*name).to_owned(), role)))
            .collect();
        Self { roles, other: Role::Fact }
    }

    /// Reads a TOML file, whose roles stand beside these.
    ///
    /// # Errors
    /// When it cannot be read or holds anything but roles.
    pub(crate) fn with(mut self, path: &Path) -> Result<Self> {
        let text = jove_files::read_text(path, 16 << 20).map_err(Error::io(path))?;
        let own: Self =
            toml::from_str(&text).map_err(|error| Error::Toml { path: path.to_owned(), message: error.to_string() })?;
        self.roles.extend(own.roles);
        self.other = own.other;
        Ok(self)
    }

    /// The role of an attribute.
    pub(crate) fn of(&self, attribute: &str) -> Role {
        self.roles.get(attribute).copied().unwrap_or(self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unnamed_attributes_are_facts() {
        let roles = Roles::common();
        assert_eq!(roles.of("别名"), Role::Alias);
        assert_eq!(roles.of("instance of"), Role::Type);
        for name in ["", "x", "首都", "🙂", "é"] {
            assert_eq!(roles.of(name), Role::Fact, "{name:?}");
        }
    }

    #[test]
    fn a_wrong_role_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[roles]\n\"别名\" = \"nickname\"\n").unwrap();
        let error = Roles::default().with(file.path()).unwrap_err().to_string();
        assert!(error.contains("nickname"), "{error}");
    }

    #[test]
    fn roles_of_a_file_stand_beside_the_built_in_ones() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "other = \"literal\"\n[roles]\n\"学名\" = \"name\"\nalias = \"ignore\"\n").unwrap();
        let roles = Roles::common().with(file.path()).unwrap();
        for (attribute, role) in
            [("学名", Role::Name), ("alias", Role::Ignore), ("label", Role::Label), ("x", Role::Literal)]
        {
            assert_eq!(roles.of(attribute), role, "{attribute}");
        }
    }
}
