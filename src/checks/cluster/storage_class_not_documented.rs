//! Claims of storage classes that no document makes.

use std::collections::BTreeMap;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "storage-class-not-documented",
    harm: Harm::Risk,
    title: "the volumes wait for a StorageClass that the documents don't have",
    explanation: "A claim of a class that the cluster does not have stays `Pending` for ever, and with it every pod \
                  that mounts it. No class name exists on all clusters; without `storageClassName` a claim takes the \
                  cluster's default.",
    example: "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec:\n  storageClassName: fast-ssd\n",
    mended: "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast-ssd}\nprovisioner: ebs.csi.aws.com\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec:\n  storageClassName: fast-ssd\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let made: Vec<&str> = wiring.objects_of("StorageClass").map(|class| class.name.value.as_str()).collect();
    let mut missing: BTreeMap<&str, Vec<&Spanned<String>>> = BTreeMap::new();
    let objects = wiring.objects.iter().flat_map(|object| &object.settings);
    let objects = objects.filter(|setting| setting.key() == "storageClassName").map(|setting| &setting.value);
    let values = wiring.releases.iter().flat_map(|release| &release.values);
    let values =
        values.filter(|(path, _)| path.ends_with("storageClassName") || path.ends_with("storageClass"));
    for class in objects.chain(values.map(|(_, value)| value)) {
        let name = class.value.as_str();
        if !name.is_empty() && name != "-" && !made.contains(&name) {
            missing.entry(name).or_default().push(class);
        }
    }
    let found = missing.into_iter().map(|(name, places)| {
        let first = Diagnostic::warning("", format!("no StorageClass `{name}` is documented"))
            .at(&places[0].span)
            .label("the claim waits for it")
            .because("assuming that the cluster does not bring it")
            .help("add the StorageClass, or leave the name out for the cluster's default");
        places.iter().skip(1).fold(first, |found, place| found.related(&place.span, "also here"))
    });
    found.collect()
}
