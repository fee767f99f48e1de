//! What the usual vocabularies of RDF mean here.

use crate::roles::{Role, Roles};

pub(super) const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
pub(super) const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const RDFS: &str = "http://www.w3.org/2000/01/rdf-schema#";
const OWL: &str = "http://www.w3.org/2002/07/owl#";
const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";
const SKOS_XL: &str = "http://www.w3.org/2008/05/skos-xl#";
const WIKIBASE: &str = "http://wikiba.se/ontology#";
/// Wikidata's predicates of statements of best rank.
pub(super) const WIKIDATA_DIRECT: &str = "http://www.wikidata.org/prop/direct/";

/// Vocabularies, and the roles of their predicates.
const ROLES: &[(&str, &[(&str, Role)])] = &[
    (RDFS, &[("label", Role::Label), ("comment", Role::Description)]),
    (RDF, &[("type", Role::Type)]),
    (
        SKOS,
        &[
            ("prefLabel", Role::Label),
            ("altLabel", Role::Alias),
            ("hiddenLabel", Role::Alias),
            ("definition", Role::Description),
        ],
    ),
    (SKOS_XL, &[("literalForm", Role::Label)]),
    (OWL, &[("sameAs", Role::SameAs)]),
    ("http://schema.org/", SCHEMA_ORG),
    ("https://schema.org/", SCHEMA_ORG),
    ("http://xmlns.com/foaf/0.1/", &[("name", Role::Name), ("nick", Role::Alias)]),
    ("http://purl.org/dc/elements/1.1/", DUBLIN_CORE),
    ("http://purl.org/dc/terms/", DUBLIN_CORE),
    ("http://www.geneontology.org/formats/oboInOwl#", &[("hasExactSynonym", Role::Alias)]),
    (
        "http://purl.obolibrary.org/obo/",
        &[("IAO_0000111", Role::Name), ("IAO_0000115", Role::Description), ("IAO_0000118", Role::Alias)],
    ),
    ("http://dbpedia.org/ontology/", &[("abstract", Role::Description), ("wikiPageRedirects", Role::Redirect)]),
    (
        "http://www.geonames.org/ontology#",
        &[("name", Role::Name), ("officialName", Role::Name), ("alternateName", Role::Alias)],
    ),
    (WIKIDATA_DIRECT, &[("P31", Role::Type)]),
];

const SCHEMA_ORG: &[(&str, Role)] = &[
    ("name", Role::Name),
    ("alternateName", Role::Alias),
    ("legalName", Role::Alias),
    ("description", Role::Description),
];

const DUBLIN_CORE: &[(&str, Role)] =
    &[("title", Role::Name), ("alternative", Role::Alias), ("description", Role::Description)];

/// Roles of the usual vocabularies.
pub(crate) fn roles() -> Roles {
    let all = ROLES
        .iter()
        .flat_map(|(vocabulary, roles)| roles.iter().map(move |(name, role)| (format!("{vocabulary}{name}"), *role)));
    Roles { roles: all.collect(), ..Roles::default() }
}

/// What a statement says that is neither a fact nor a name of its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declaration {
    /// The subject is a relation.
    Relation,
    /// The subject is a relation that holds both ways.
    Symmetric,
    /// Subject and object are relations, each the other's inverse.
    Inverse,
    /// The names of the subject are those of the relation that is the object.
    NamesOfRelation,
    /// The object is an entity of its own that holds a name of the subject.
    Label,
    Alias,
    /// The object is a triple that nobody need state.
    Reification,
}

/// The declaration that a predicate makes.
pub(super) fn declaration(predicate: &str, object: Option<&str>) -> Option<Declaration> {
    let (vocabulary, name) = predicate.split_at(predicate.rfind(['#', '/'])? + 1);
    let found = match (vocabulary, name) {
        (RDF, "type") => {
            let (vocabulary, class) = object?.split_at(object?.rfind(['#', '/'])? + 1);
            match (vocabulary, class) {
                (OWL, "SymmetricProperty") => Declaration::Symmetric,
                (RDF, "Property")
                | (
                    OWL,
                    "ObjectProperty"
                    | "DatatypeProperty"
                    | "AnnotationProperty"
                    | "OntologyProperty"
                    | "FunctionalProperty"
                    | "InverseFunctionalProperty"
                    | "TransitiveProperty"
                    | "AsymmetricProperty"
                    | "ReflexiveProperty"
                    | "IrreflexiveProperty"
                    | "DeprecatedProperty",
                ) => Declaration::Relation,
                _ => return None,
            }
        }
        (RDFS, "domain" | "range" | "subPropertyOf") | (OWL, "equivalentProperty" | "propertyDisjointWith") => {
            Declaration::Relation
        }
        (OWL | "http://schema.org/" | "https://schema.org/", "inverseOf") => Declaration::Inverse,
        (WIKIBASE, "directClaim" | "statementProperty") => Declaration::NamesOfRelation,
        (SKOS_XL, "prefLabel") => Declaration::Label,
        (SKOS_XL, "altLabel" | "hiddenLabel") => Declaration::Alias,
        (RDF, "reifies") => Declaration::Reification,
        _ => return None,
    };
    Some(found)
}

/// Whether an IRI is a page of Wikipedia or its sisters.
pub(super) fn is_wiki_page(iri: &str) -> bool {
    let sites = [
        "wikipedia",
        "wiktionary",
        "wikibooks",
        "wikiquote",
        "wikisource",
        "wikivoyage",
        "wikinews",
        "wikiversity",
        "wikimedia",
    ];
    let Some((host, path)) = iri.split_once("://").and_then(|(_, rest)| rest.split_once('/')) else { return false };
    let site = host.strip_suffix(".org").and_then(|host| host.rsplit('.').next());
    path.starts_with("wiki/") && site.is_some_and(|site| sites.contains(&site))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_told_by_vocabulary_and_name() {
        let check = |predicate: &str, object: Option<&str>, expected| {
            assert_eq!(declaration(predicate, object), expected, "{predicate} {object:?}");
        };
        let class = |name: &str| format!("{OWL}{name}");
        check(RDF_TYPE, Some(&class("SymmetricProperty")), Some(Declaration::Symmetric));
        check(RDF_TYPE, Some(&class("ObjectProperty")), Some(Declaration::Relation));
        check(RDF_TYPE, Some(&class("Class")), None);
        check(RDF_TYPE, None, None);
        check(&class("inverseOf"), Some("http://x/p"), Some(Declaration::Inverse));
        check("http://x/inverseOf", Some("http://x/p"), None);
        check("no iri", None, None);
        check("", None, None);
    }

    #[test]
    fn pages_are_told_from_entities() {
        for page in [
            "https://en.wikipedia.org/wiki/A",
            "http://zh.wikisource.org/wiki/甲",
            "https://commons.wikimedia.org/wiki/x",
        ] {
            assert!(is_wiki_page(page), "{page}");
        }
        for entity in
            ["http://www.wikidata.org/wiki/Q1", "http://x.org/wiki/A", "https://en.wikipedia.org/w/A", "🙂", ""]
        {
            assert!(!is_wiki_page(entity), "{entity}");
        }
    }
}
