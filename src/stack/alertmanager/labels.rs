//! Label sets as Alertmanager prints and hashes them.

use crate::golang::quote;
use crate::labels::Labels;

/// `{alertname="Down", job="api"}`: the form in group keys.
pub fn go_label_set(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// The fingerprint that identifies an alert, as the API and the webhook show it in hexadecimal.
pub fn fingerprint(labels: &Labels) -> u64 {
    const SEPARATOR: u8 = 255;
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for (name, value) in labels.iter() {
        add(name.as_bytes());
        add(&[SEPARATOR]);
        add(value.as_bytes());
        add(&[SEPARATOR]);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_one_that_alertmanager_shows() {
        let labels = Labels::from_pairs([
            ("alertname", "HTTP_Probe_Failed"),
            ("cluster", "dev"),
            ("instance", "web1"),
            ("job", "node_exporter"),
        ]);
        assert_eq!(format!("{:016x}", fingerprint(&labels)), "54c2f185e49cfccb");
        assert_eq!(
            go_label_set(&labels),
            r#"{alertname="HTTP_Probe_Failed", cluster="dev", instance="web1", job="node_exporter"}"#
        );
    }
}
