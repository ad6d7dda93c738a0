//! The demo freelancer's clients and her work for them.

use rust_decimal::Decimal;

use crate::domain::{
    address::Address,
    tax::{Tax, TaxCategory, Withholding},
};

/// A client.
pub struct Who {
    pub name: &'static str,
    pub email: &'static str,
    pub company: Option<&'static str>,
    pub phone: &'static str,
    pub country: &'static str,
    pub currency: &'static str,
    /// Street, city and postal code; empty for none.
    pub street: &'static str,
    pub city: &'static str,
    pub code: &'static str,
}

impl Who {
    /// Returns the postal address, if known.
    pub fn address(&self) -> Option<Address> {
        let part = |part: &str| Some(part.to_owned()).filter(|part| !part.is_empty());
        let (street, city, postal_code) = (part(self.street), part(self.city), part(self.code));
        Address { street, city, postal_code, ..Address::default() }.unless_empty()
    }

    /// Returns the client's own payment terms: two weeks for German clients.
    pub fn terms(&self) -> Option<u32> {
        (self.country == "Germany").then_some(14)
    }

    /// The same client at this address.
    const fn at(self, street: &'static str, city: &'static str, code: &'static str) -> Self {
        Self { street, city, code, ..self }
    }
}

/// A location of clients: the country, and their billing currency.
struct Place(&'static str, &'static str);

impl Place {
    /// A client in that country; an empty `company` means none.
    const fn who(
        self,
        name: &'static str,
        email: &'static str,
        company: &'static str,
        phone: &'static str,
    ) -> Who {
        let Self(country, currency) = self;
        let company = if company.is_empty() { None } else { Some(company) };
        let (street, city, code) = ("", "", "");
        Who { name, email, company, phone, country, currency, street, city, code }
    }
}

const AM: Place = Place("Armenia", "USD");
const BF: Place = Place("Burkina Faso", "XOF");
const CI: Place = Place("Côte d'Ivoire", "XOF");
const DE: Place = Place("Germany", "EUR");
const ES: Place = Place("Spain", "EUR");
const GH: Place = Place("Ghana", "USD");
const IE: Place = Place("Ireland", "EUR");
const IN: Place = Place("India", "USD");
const IT: Place = Place("Italy", "EUR");
const KE: Place = Place("Kenya", "USD");
const LK: Place = Place("Sri Lanka", "USD");
const MA: Place = Place("Morocco", "EUR");
const NG: Place = Place("Nigeria", "NGN");
const NO: Place = Place("Norway", "EUR");
const SN: Place = Place("Senegal", "XOF");
const UA: Place = Place("Ukraine", "EUR");
const US: Place = Place("United States", "USD");
const ZA: Place = Place("South Africa", "USD");

pub const CLIENTS: [Who; 25] = [
    NG.who("Adaeze Okonkwo", "adaeze@lagoonlabs.example", "Lagoon Labs", "+234 803 555 0142").at(
        "12 Ozumba Mbadiwe Avenue",
        "Lagos",
        "106104",
    ),
    DE.who("Emily Hartmann", "e.hartmann@nordlicht.example", "Nordlicht GmbH", "+49 30 5550 1234")
        .at("Torstraße 49", "Berlin", "10119"),
    SN.who("Mamadou Diallo", "m.diallo@teranga.example", "Teranga Logistique", "+221 77 555 01 20")
        .at("14 Avenue Léopold Sédar Senghor", "Dakar", ""),
    US.who(
        "Sarah Whitfield",
        "sarah@brightharbor.example",
        "Bright Harbor Inc.",
        "+1 415 555 0187",
    ),
    NG.who("Tunde Bakare", "tunde.bakare@example.com", "", "+234 806 555 0199"),
    LK.who("නිමල් පෙරේරා", "nimal@serendib.example", "සෙරෙන්ඩිබ් ටී", "+94 77 555 0123").at(
        "ගාලු පාර 21",
        "Colombo",
        "00300",
    ),
    BF.who("Aminata Traoré", "aminata@sahelsolaire.example", "Sahel Solaire", "+226 70 55 01 33")
        .at("Avenue Kwame Nkrumah", "Ouagadougou", ""),
    GH.who("Kwame Mensah", "kwame@goldcoastmedia.example", "Gold Coast Media", "+233 24 555 0110"),
    UA.who("Ольга Коваленко", "olha@dnipro-soft.example", "Дніпро Софт", "+380 44 555 0175"),
    IT.who("Chiara Bianchi", "chiara@studiobianchi.example", "Studio Bianchi", "+39 02 5550 0144")
        .at("Via Tortona 27", "Milano", "20144"),
    KE.who("Wanjiku Kamau", "wanjiku@savannahpay.example", "SavannahPay", "+254 722 555 016"),
    MA.who("يوسف المنصوري", "youssef@atlasdigital.example", "أطلس ديجيتال", "+212 6 55 50 01 77"),
    NG.who("Ngozi Eze", "ngozi@palmandclay.example", "Palm & Clay", "+234 802 555 0121").at(
        "7 Kofo Abayomi Street",
        "Lagos",
        "101241",
    ),
    IE.who("James O'Sullivan", "james@greenquay.example", "Green Quay Ltd", "+353 1 555 0166"),
    SN.who("Fatou N'Diaye", "fatou@ateliermode.example", "Atelier Mode Dakar", "+221 78 555 01 45"),
    US.who("Michael Chen", "m.chen@cascadehealth.example", "Cascade Health", "+1 206 555 0131"),
    NG.who("Ibrahim Sani", "ibrahim@kanotextiles.example", "Kano Textiles", "+234 809 555 0154"),
    ES.who("Sofía Herrera", "sofia@lunaverde.example", "Luna Verde", "+34 91 555 01 12"),
    ZA.who("Thabo Nkosi", "thabo@jacaranda.example", "Jacaranda Ventures", "+27 11 555 0138"),
    CI.who("Kouassi Yao", "k.yao@cacaodirect.example", "Cacao Direct", "+225 07 55 50 0161"),
    ZA.who("Grace Mbeki", "grace.mbeki@example.org", "", "+27 82 555 0104"),
    NO.who("Lars Østergård", "lars@fjordanalytics.example", "Fjord Analytics", "+47 22 55 50 18"),
    NG.who("Funke Adeyemi", "funke@mainlandbooks.example", "Mainland Books", "+234 805 555 0173"),
    IN.who(
        "Priya Raghavan",
        "priya@monsoonlearning.example",
        "Monsoon Learning",
        "+91 80 5550 1290",
    ),
    AM.who("Дмитрий Волков", "dmitri@severapp.example", "Север", "+374 10 555 014"),
];

/// A kind of work: its name, its description, and its parts.
pub struct Work {
    pub name: &'static str,
    pub about: &'static str,
    pub parts: [&'static str; 4],
}

pub const WORK: [Work; 12] = [
    Work {
        name: "Website redesign",
        about: "A new look and a new structure for the whole site, on phones first.",
        parts: ["Workshop and sitemap", "Wireframes", "Visual design", "Build and launch"],
    },
    Work {
        name: "Online shop",
        about: "Catalogue, checkout and payment, with stock kept in one place.",
        parts: ["Catalogue import", "Checkout", "Payment provider", "Launch support"],
    },
    Work {
        name: "Mobile app",
        about: "An app for Android and iOS from one code base.",
        parts: ["Prototype", "First beta", "Store release", "Usage report"],
    },
    Work {
        name: "Brand identity",
        about: "Logo, colours, typefaces, and a short book of rules.",
        parts: ["Mood boards", "Logo drafts", "Final artwork", "Brand book"],
    },
    Work {
        name: "Annual report",
        about: "Text, charts and layout, for print and screen.",
        parts: ["Outline", "Charts", "Layout", "Print files"],
    },
    Work {
        name: "API integration",
        about: "Orders and invoices flow between the shop and the accounts without copying.",
        parts: ["Field mapping", "Sandbox tests", "Go-live", "Monitoring"],
    },
    Work {
        name: "Data dashboard",
        about: "The ten numbers that matter, fresh every morning.",
        parts: ["Data sources", "Model", "Dashboards", "Training"],
    },
    Work {
        name: "Translation, French to English",
        about: "Contracts and product texts, checked by a second pair of eyes.",
        parts: ["Glossary", "First half", "Second half", "Proofreading"],
    },
    Work {
        name: "Photo series",
        about: "Portraits and workplace pictures for site and press.",
        parts: ["Location scout", "Shooting day", "Selection", "Retouching"],
    },
    Work {
        name: "Security review",
        about: "A close look at the login, the uploads and the servers, with a list of repairs.",
        parts: ["Scope", "Tests", "Report", "Re-test"],
    },
    Work {
        name: "Course material",
        about: "Eight lessons with exercises and a trainer's guide.",
        parts: ["Curriculum", "Lessons 1-4", "Lessons 5-8", "Trainer's guide"],
    },
    Work {
        name: "Server move",
        about: "From the old host to the new one, without a day of downtime.",
        parts: ["Inventory", "Rehearsal", "The move", "Clean-up"],
    },
];

/// Invoice items that are billed by the hour.
pub const LINES: [&str; 14] = [
    "Design work",
    "Front-end development",
    "Back-end development",
    "Workshop, on site",
    "Copywriting",
    "Project management",
    "User interviews",
    "Bug fixing",
    "Monthly maintenance",
    "Photo retouching",
    "Illustrations",
    "Data clean-up",
    "Training session",
    "Accessibility audit",
];

pub const NOTES: [&str; 4] = [
    "Thank you for your trust.",
    "Payable by bank transfer or under the payment link.",
    "As agreed by phone; time sheet on request.",
    "Merci pour votre confiance.",
];

pub const OFFER: &str = "Thank you for the good conversation. This is what I propose:\n\n\
    1. We start with a short workshop, so that we mean the same thing.\n\
    2. You see a first version after two weeks.\n\
    3. Two rounds of changes are included.\n\n\
    The price is fixed; half is due at the start, half on delivery.";

/// Returns the tax on an invoice to a client: in Nigeria, in West Africa and for some Europeans.
/// All others account for tax themselves.
pub fn tax(currency: &str, client: usize) -> Option<Tax> {
    let (name, rate, category) = match currency {
        "NGN" => ("VAT", Decimal::new(75, 1), TaxCategory::Standard),
        "XOF" => ("TVA", Decimal::from(18), TaxCategory::Standard),
        "EUR" if client.is_multiple_of(3) => ("VAT", Decimal::from(19), TaxCategory::Standard),
        "EUR" => ("VAT", Decimal::ZERO, TaxCategory::ReverseCharge),
        _ => return None,
    };
    let is_theirs = category == TaxCategory::ReverseCharge;
    let note = is_theirs.then(|| "Reverse charge: the client accounts for the VAT.".to_owned());
    Some(Tax { name: name.to_owned(), rate, category, note })
}

/// Returns the tax that Nigerian companies withhold on services.
pub fn withholding() -> Withholding {
    Withholding { name: "WHT".to_owned(), rate: Decimal::from(5) }
}
