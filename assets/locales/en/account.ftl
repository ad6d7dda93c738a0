## Signing in, creating an account, resetting a password.

account-deleted = Your account was deleted.
code-forgot-forgot-password = Forgot password
code-forgot-i-have-code = I have a code
code-forgot-reset-password = Reset your password
code-forgot-well-email-code-set = We’ll email you a code to set a new password.
code-reset-6-digit-code-from = The 6-digit code from the email.
code-reset-done = Password changed. All devices were signed out. Sign in with your new password.
code-reset-email-me-new-code = Email me a new code
code-reset-if-has-account-we = If { $email } has an account, we sent it a code. The code expires in 5 minutes.
code-reset-server-cant-send-email = This server can’t send email yet. The email was saved to its mail folder; ask the administrator for the code.
code-reset-set-new-password = Set a new password
code-wrong = This code is wrong or expired. Request a new one.
link-expired = This link has expired
link-expired-text = It was already used, or it is older than a day. If your address is verified, sign in. Otherwise request a new code.
not-me-done = Account removed
not-me-done-text = You can close this page.
not-me-if-was-close-page = If it was you, close this page. Nothing will change.
not-me-remove-account = Remove account
not-me-someone-created-account-with = Someone created an account with this email address:
not-me-wasnt = Wasn’t you?
registration-closed = Registration is closed
registration-closed-text = This server doesn’t accept new accounts. If you already have one, sign in.
registration-register-already-have-account-sign = Already have an account? Sign in
registration-welcome-business = Your business
registration-welcome-create-account-get-started = Create your account to get started. You can change everything later.
registration-welcome-decides-when-invoice-becomes = Decides when an invoice becomes overdue.
registration-welcome-done = Welcome, { $name }! Add a client to create your first invoice.
registration-welcome-dont-let-anyone-else = Don’t let anyone else register
registration-welcome-has-owner = This server is already set up. Sign in.
registration-welcome-leave-if-only-use = Leave this on if only you use this server. You can change it in Settings.
registration-welcome-shown-invoices-example-bank = Shown on your invoices, for example your bank account or mobile money number.
registration-welcome-use-sign = You use it to sign in.
registration-welcome-used-totals-invoices-can = Used for totals. Invoices can use other currencies.
registration-welcome-welcome = Welcome
registration-welcome-welcome-freelanceos = Welcome to FreelanceOS
registration-welcome-you = You
session-form-kept = You were signed out. Sign in to get your entries back.
session-form-other-account = Your entries belong to another account.
session-form-restored = You were signed out before this was saved. Check your entries and save again.
session-form-restored-file = You were signed out before this was saved. Check your entries, choose the file again, and save.
session-form-too-long = You were signed out, and your entries are too long to keep here. Sign in on another tab, then come back and submit the form again.
session-form-too-old = Your entries have expired.
session-login-email-first = Enter your email address first.
session-login-enter-6-digit-code = Enter the 6-digit code from the app, or a backup code.
session-login-forgot-password = Forgot your password?
session-login-open-authenticator-app-get = Open your authenticator app to get a code.
session-login-or = or
session-login-set-up-server = Set up this server
session-login-sign-with-passkey = Sign in with a passkey
session-login-start-over = Start over
session-login-too-late = Your sign-in expired. Sign in again.
session-login-unknown-passkey = This passkey doesn’t belong to any account here.
session-login-wrong = Wrong email or password.
session-lost-browser-blocks-cookies-address-html = Your browser blocks cookies for this address, and signing in needs one. Allow cookies and <a href="/login">try again</a>.
session-lost-cant-sign-here = You can’t sign in here
session-lost-opened-page-over-http-html = You opened this page over HTTP, but this server’s address is <a href="{ $address }/login">{ $address }</a>. Signing in only works over HTTPS.
session-lost-sign-there-instead-if-html = <a href="{ $address }/login">Sign in there</a> instead. If that page does not open, ask the server’s administrator to change the <code>PUBLIC_URL</code> setting.
session-signed-out = You’re signed out.
verify-email-are-not-signed-account-html = You are not signed in to this account on this device. To keep your password and sessions, <a href="/login">sign in</a> and open the link again. If you continue without signing in, all devices are signed out, passkeys and two-factor sign-in are removed, and you need to set a new password.
verify-email-done = Email address verified
verify-email-done-text = You can now sign in. You can close this page.
verify-email-if-did-not-create = If you did not create an account, close this page. Nothing will change.
verify-email-taken-over = You weren’t signed in, so all devices were signed out and the old password no longer works. To set a new one, choose “Forgot your password?” on the sign-in page.
verify-email-verify-address = Verify this address
verify-email-verify-email-address = Verify your email address
