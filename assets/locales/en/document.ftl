## Invoices and proposals as PDF.

deposit-deducted = Less deposit { $number }
deposit-invoice = Deposit invoice
deposit-invoice-number = Deposit invoice { $number }
deposit-line = Deposit: { $title }
deposit-line-percent = { $percent }% deposit: { $title }
deposit-on-acceptance = Deposit on acceptance
pdf-accepted-by = Accepted by { $name } on { $date }
pdf-amount-in = Amount, { $currency }
pdf-declined-by = Declined by { $name } on { $date }
pdf-logo-of = { $name } logo
pdf-page-of = { $page } / { $pages }
pdf-paid-on = Paid on { $date }
pdf-pay-online = Pay online
pdf-prepared-for = Prepared for
pdf-qr-code = QR code for the payment link
pdf-total-paid = Total paid
pdf-unnamed = Unnamed
pdf-untitled = Untitled
pdf-sample-client = Sample Client Ltd
pdf-sample-first = Page templates
pdf-sample-person = Sam Sample
pdf-sample-second = Icon set
