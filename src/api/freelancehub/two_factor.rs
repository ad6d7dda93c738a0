//! Two-factor sign-in: setup, turning it on and off.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::{
    Tag,
    account::DoneBody,
    error::{Beginning, Enrolling, Failed, Reading, TurningOff},
};
use crate::{
    app::{App, two_factor::two_factor_status},
    domain::{
        error::Error,
        rule::Rule,
        two_factor::{Disabling, Setup, SetupProof, Status},
    },
    http::{
        answer::Bare,
        bearer::Bearer,
        body::Body,
        qr,
        schema::{bodies, schema},
    },
};

schema! {
    /// Whether an account requires a second factor.
    struct TwoFactorBody "TwoFactor" of status: Status {
        enabled "enabled": bool = status.is_on,
        /// Unused backup codes.
        backup_codes_left "backupCodesLeft": i64 = status.backup_codes_left,
    }
}

schema! {
    /// Data for setting up an authenticator app. Shown only once.
    struct SetupBody "TwoFactorSetup" of (setup, qr_code): (Setup, String) {
        /// The QR code to scan, as the `src` of an image.
        qr_code "qrCode": String = qr_code,
        /// The secret in base32, for apps that cannot scan.
        secret "secret": String = setup.seed.base32(),
        /// Each works once in place of a code from the app.
        backup_codes "backupCodes": Vec<String> =
            setup.backup_codes.iter().map(|code| code.as_str().into()).collect(),
        message "message": String =
            "2FA setup initiated. Scan the QR code with your authenticator app.".to_owned(),
    }
}

bodies! {
    /// A code from the authenticator app.
    SetupProofInput "TwoFactorSetupProof" = SetupProof, example r#"{"totpCode": "123456"}"#;

    /// Password and code, to turn off the second factor.
    DisablingInput "TwoFactorDisabling" = Disabling, example r#"{
        "password": "StrongPassword123!",
        "totpCode": "123456"
    }"#;
}

/// The routes of the second factor.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::TwoFactor")]
impl Routes {
    /// Get whether codes are required, and how many backup codes are left
    ///
    /// Codes are required for each sign-in with a password.
    #[oai(path = "/2fa", method = "get", operation_id = "getTwoFactor")]
    async fn find(&self, bearer: Bearer) -> Result<Bare<TwoFactorBody>, Failed<Reading>> {
        Ok(Bare::new(self.0.query(bearer.0, two_factor_status).await?))
    }

    /// Get a QR code and backup codes, to be confirmed with `/2fa/verify-setup`
    ///
    /// `secret` is for apps that cannot scan. A second request replaces an unconfirmed setup. If
    /// two-factor sign-in is already on, the response is 409.
    #[oai(path = "/2fa/enable", method = "post", operation_id = "enableTwoFactor")]
    async fn enable(&self, bearer: Bearer) -> Result<Bare<SetupBody>, Failed<Beginning>> {
        let setup = self.0.enable_two_factor(bearer.0).await?;
        let uri = setup.seed.uri(&setup.email);
        let qr_code = self.0.offload(move || qr::data_url(&uri)).await??;
        Ok(Bare::new((setup, qr_code)))
    }

    /// Turn on two-factor sign-in with a code from the app that scanned the QR code
    ///
    /// From then on, each sign-in with a password needs a code from the app or a backup code.
    #[oai(path = "/2fa/verify-setup", method = "post", operation_id = "verifyTwoFactorSetup")]
    async fn verify_setup(
        &self,
        body: Body<SetupProofInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<Enrolling>> {
        let proof = self.0.admit(bearer.0, body.read()).await?;
        match self.0.verify_two_factor_setup(bearer.0, proof).await? {
            None => Ok(Bare::new("2FA enabled successfully")),
            Some(rule @ Rule::OtherTime { .. }) => {
                Err(Error::malformed("error-wrong-setup-clock").with("rule", rule).into())
            }
            Some(_) => Err(Error::malformed("error-wrong-setup-code").into()),
        }
    }

    /// Turn off two-factor sign-in with the password and a code
    ///
    /// The secret and the backup codes are deleted.
    #[oai(path = "/2fa/disable", method = "post", operation_id = "disableTwoFactor")]
    async fn disable(
        &self,
        body: Body<DisablingInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<TurningOff>> {
        let given = self.0.admit(bearer.0, body.read()).await?;
        self.0.disable_two_factor(bearer.0, given).await?;
        Ok(Bare::new("2FA disabled successfully"))
    }
}
