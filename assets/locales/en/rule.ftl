## What is wrong with a field of a form.

rule-ambiguous-number = Enter the number in the format { $format }. It could mean: { $readings }.
rule-before-issue-date = The due date can’t be before the issue date.
rule-beside = Enter only one of the two.
rule-between = Enter a number between { $min } and { $max }.
rule-bic = Enter 8 or 11 letters and digits, such as BYLADEM1001.
rule-broken-picture = This image is damaged. Choose another one.
rule-clock-ahead = { $minutes ->
    [one] This code is from a clock that is about 1 minute ahead of the server.
   *[other] This code is from a clock that is about { $minutes } minutes ahead of the server.
} Set the clock of your device, then enter a new code.
rule-clock-behind = { $minutes ->
    [one] This code is from a clock that is about 1 minute behind the server.
   *[other] This code is from a clock that is about { $minutes } minutes behind the server.
} Set the clock of your device, then enter a new code.
rule-control-characters = Remove line breaks and control characters.
rule-color = Enter a hex colour code, such as #0b5c46.
rule-coordinates = Enter a longitude and a latitude.
rule-currency = Choose a currency, such as NGN or USD.
rule-date = Enter a date between 2000 and 2100, such as 2026-04-15.
rule-decimals = { $max ->
    [0] This currency has no decimals.
    [one] Enter at most 1 decimal.
   *[other] Enter at most { $max } decimals.
}
rule-discount-of-nothing = Only a line with a positive amount can have a discount.
rule-duplicate = This is listed twice.
rule-email = Enter a valid email address, such as name@example.com.
rule-file-too-large = Images can be up to { $mib } MB.
rule-full-name = Enter your first and last name.
rule-future-date = This date is in the future.
rule-integer = Enter a whole number from { $min } to { $max }.
rule-more-than = Enter at most { $most }.
rule-more-than-due = This is more than the amount due, { $due }.
rule-more-than-left = This is more than is left to credit, { $left }.
rule-needs-items = Add lines first.
rule-not-late = A late fee needs a reminder after the due date.
rule-number-pattern = Use one run of N, such as {"{"}NNN{"}"}. Besides it, use {"{"}YYYY{"}"}, {"{"}YY{"}"}, {"{"}MM{"}"}, {"{"}MMM{"}"}, {"{"}Q{"}"}, letters, digits, spaces and - / . _ #
rule-proposal-currency = Choose { $currency }, the currency of the proposal.
rule-repeated-number = Add the year, {"{"}YYYY{"}"} or {"{"}YY{"}"}. Without it, numbers would repeat next year.
rule-country = Enter a country code of two letters, such as NG.
rule-iban = Check this IBAN: its check digits don’t match.
rule-peppol-id = Enter a Peppol ID such as 0192:991825827.
rule-negative-total = Total can’t be negative.
rule-number = Enter a number, such as { $example }.
rule-one-of = Choose an option from the list.
rule-other-client = This belongs to another client.
rule-other-email = This isn’t the email address of your account.
rule-other-period = The issue date must stay in { $period }, the { $span ->
    [month] month
    [quarter] quarter
   *[year] year
} of the invoice number.
rule-otp = Enter the 6-digit code.
rule-password-classes = Include a lowercase letter, an uppercase letter, a digit and a special character.
rule-password-common = This password is too common. Choose another one.
rule-password-pattern = Include a lowercase letter, a digit and a special character such as @, $ or %. Start with a letter, a digit or one of these.
rule-past-date = Enter a date in the past.
rule-phone = Include the country code, such as +94701234567.
rule-picture = Choose a PNG, JPEG or WebP image.
rule-positive = Enter a number greater than 0.
rule-required = Fill in this field.
rule-same-currency = Choose another currency.
rule-short-word = Use one short lowercase word, such as live.
rule-sum-differs = The lines add up to { $computed }.
rule-taken = This is already taken. Choose another one.
rule-timezone = Choose a timezone, such as Africa/Lagos.
rule-too-large = This number is too large.
rule-too-long = Enter at most { $max } characters.
rule-too-many = Enter at most { $max } items.
rule-too-many-pixels = This image has too many pixels. Use at most { $count } megapixels.
rule-too-short = Enter at least { $min } characters.
rule-unknown = This no longer exists. Choose another one.
rule-unknown-variable = There is no variable { "{" }{ $name }{ "}" }. You can use the ones listed below.
rule-url = Enter a link that starts with https:// or http://.
rule-username = Use only letters, digits, _ and -.
rule-vpa = Enter a UPI ID, such as okafor@okbank.
rule-wrong = This value isn’t valid.
rule-wrong-code = This code is wrong or was already used.
rule-wrong-password = Wrong password.
rule-zero-rate = This category has no tax. Enter 0 as the rate.
