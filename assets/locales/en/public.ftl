## What clients and visitors see: invoice, proposal and profile behind a link.

public-ask-question = Ask a question
public-copy = Copy { $what }
public-invoice-for = Invoice { $number } for { $client }
public-invoice-question = Questions about this invoice?
public-made-with = Made with FreelanceOS
public-or-call = or call
public-write-to = Write to { $name }
