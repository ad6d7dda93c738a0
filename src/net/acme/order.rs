//! Obtaining a certificate (RFC 8555): an order, a proof for each name, the certificate.

use std::{sync::Arc, time::Duration};

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};

use super::Certificates;

/// How often and how long an authority is polled for the result.
const RETRIES: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// Orders a certificate and returns its key and chain as PEM.
pub async fn order(
    account: &Account,
    domains: &[String],
    certificates: &Certificates,
) -> Result<String, String> {
    let ordered = get(account, domains, certificates).await;
    certificates.forget_proofs();
    ordered
}

async fn get(
    account: &Account,
    domains: &[String],
    certificates: &Certificates,
) -> Result<String, String> {
    let names: Vec<Identifier> = domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await.map_err(text)?;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(text)?;
        match authorization.status {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => continue,
            status => return Err(format!("an authorization is {status:?}")),
        }
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or("the authority does not offer the challenge tls-alpn-01")?;
        let name = challenge.identifier().to_string();
        let proof = proof(&name, challenge.key_authorization().digest().as_ref())?;
        certificates.prove(name, Arc::new(proof));
        challenge.set_ready().await.map_err(text)?;
    }
    match order.poll_ready(&RETRIES).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) => return Err(reason(&mut order).await),
        // The challenges contain the reason.
        Err(Error::Api(problem)) => {
            return Err(format!("{problem}; {}", reason(&mut order).await));
        }
        Err(error) => return Err(text(error)),
    }
    let key = order.finalize().await.map_err(text)?;
    let chain = order.poll_certificate(&RETRIES).await.map_err(text)?;
    Ok(format!("{}\n{chain}", key.trim_end()))
}

/// Returns why the authority rejected the proof.
async fn reason(order: &mut Order) -> String {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if authorization.refresh().await.is_err() {
            continue;
        }
        let name = authorization.identifier().to_string();
        for challenge in &authorization.challenges {
            if let Some(error) = &challenge.error {
                reasons.push(format!("{name}: {error}"));
            }
        }
    }
    if reasons.is_empty() {
        "the order was refused without a reason".to_owned()
    } else {
        reasons.join("; ")
    }
}

fn text(error: Error) -> String {
    error.to_string()
}

/// The certificate that proves control of a name: nobody trusts it, but only the account that
/// placed the order can make its key authorization.
fn proof(name: &str, digest: &[u8]) -> Result<CertifiedKey, String> {
    let failed = |error: &dyn std::fmt::Display| format!("no proof could be made: {error}");
    let mut parameters =
        CertificateParams::new(vec![name.to_owned()]).map_err(|error| failed(&error))?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate().map_err(|error| failed(&error))?;
    let certificate = parameters.self_signed(&key).map_err(|error| failed(&error))?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = ring::default_provider().key_provider.load_private_key(key);
    // Not checked against the certificate: the parser rejects its critical extension.
    let key = key.map_err(|error| failed(&error))?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}
