//! A certificate authority of this process's own, for servers that stand in for others: whatever name a client asks
//! for gets a certificate.
//!
//! Its key is made at start and never leaves the process, so that trusting it means trusting this run alone.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

pub struct Authority {
    issuing: Arc<Issuing>,
    certificate: String,
}

struct Issuing {
    issuer: Issuer<'static, KeyPair>,
    /// By the name or address that they are for.
    issued: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

/// Picks the certificate for the name that a client asks for, or for the address that it has connected to.
struct Picking {
    issuing: Arc<Issuing>,
    address: IpAddr,
}

impl Authority {
    pub fn new() -> io::Result<Authority> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("firedrill, this run only");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?.pem();
        let issuing = Issuing { issuer: Issuer::new(params, key), issued: Mutex::default() };
        Ok(Authority { issuing: Arc::new(issuing), certificate })
    }

    /// The authority's own certificate, in PEM: what a client must trust.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// What a server at this address serves with.
    pub fn serving(&self, address: IpAddr) -> io::Result<Arc<ServerConfig>> {
        let picking = Picking { issuing: Arc::clone(&self.issuing), address };
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(picking));
        Ok(Arc::new(config))
    }
}

impl Issuing {
    fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = issued.get(name) {
            return Some(Arc::clone(known));
        }
        let key = KeyPair::generate().ok()?;
        let mut params = CertificateParams::new(vec![name.to_owned()]).ok()?;
        params.distinguished_name = named(name);
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).ok()?;
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = ring::sign::any_supported_type(&secret).ok()?;
        let made = Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing));
        issued.insert(name.to_owned(), Arc::clone(&made));
        Some(made)
    }
}

impl ResolvesServerCert for Picking {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match hello.server_name() {
            Some(name) => self.issuing.certificate(name),
            // Addresses are not asked for by name.
            None => self.issuing.certificate(&self.address.to_string()),
        }
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl std::fmt::Debug for Picking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picking for {}", self.address)
    }
}
