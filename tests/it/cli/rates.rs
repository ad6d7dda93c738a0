//! `rates`.

use serde_json::{Value, json};

use super::Place;

const EMAIL: &str = "ada@example.com";

fn place() -> Place {
    let place = Place::migrated();
    place.create_user(EMAIL);
    place
}

fn rates(place: &Place) -> Value {
    serde_json::from_str(place.run(&["rates", "list", EMAIL, "--json"]).done()).unwrap()
}

#[test]
fn rates_are_imported_and_the_newest_of_each_pair_is_kept() {
    let place = place();
    let text = "\u{feff}Day,From,To,Rate\r\n# from the bank\r\n\r\n2026-03-18, EUR, USD, 1.0834\r\n\
                2026-03-17,EUR,USD,1.05\r\n\"2026-03-01\",\"NGN\",\"USD\",\"0.00065\"\r\n";
    let ended = place.run_told(&["rates", "import", EMAIL, "-"], text);
    assert_eq!(ended.done(), "rates imported: 3\n");
    let expected = json!([
        {"day": "2026-03-18", "from": "EUR", "to": "USD", "rate": "1.0834"},
        {"day": "2026-03-01", "from": "NGN", "to": "USD", "rate": "0.00065"},
    ]);
    assert_eq!(rates(&place), expected);
    let file = place.path("rates.csv");
    std::fs::write(&file, "2026-04-01,EUR,USD,1.1\n").unwrap();
    place.run(&["rates", "import", EMAIL, file.to_str().unwrap()]).done();
    let table = place.run(&["rates", "list", EMAIL]);
    assert!(table.done().contains("2026-04-01  EUR   USD  1.1\n"), "{}", table.stdout);
}

#[test]
fn an_invalid_line_is_named_and_nothing_is_imported() {
    let place = place();
    for (line, said) in [
        ("2026-03-18,EUR,USD", "line 2: \"2026-03-18,EUR,USD\" is not day,from,to,rate"),
        ("2026-02-30,EUR,USD,1", "line 2: day must be a date"),
        ("2026-03-18,EUR,DOLLAR,1", "line 2: to must be an ISO 4217"),
        ("2026-03-18,EUR,USD,0", "line 2: rate must be greater than 0"),
        ("2026-03-18,EUR,USD,1,2", "line 2: \"2026-03-18,EUR,USD,1,2\" is not"),
        ("2099-01-01,EUR,USD,1", "line 2: 2099-01-01 is in the future"),
    ] {
        let text = format!("2026-03-18,NGN,USD,0.00065\n{line}\n");
        let ended = place.run_told(&["rates", "import", EMAIL, "-"], &text);
        assert!(ended.refused(1).starts_with(said), "{line}: {}", ended.stderr);
    }
    assert_eq!(rates(&place), json!([]));
    let ended = place.run(&["rates", "import", EMAIL, "nowhere.csv"]);
    assert!(ended.refused(1).starts_with("cannot read nowhere.csv"));
    let ended = place.run_told(&["rates", "import", "b@example.com", "-"], "");
    assert!(ended.refused(1).starts_with("no account has the email b@example.com"));
}

#[test]
fn files_from_a_central_bank_are_imported_unchanged() {
    let place = place();
    for (text, count) in [
        ("Date, USD, JPY, GBP, \n18 March 2026, 1.0834, 162.45, 0.8641, \n", 3),
        ("Datum;Von;Nach;Kurs\n", 0),
        ("day;from;to;rate\n2026-03-18;EUR;NGN;1.650,25\n", 1),
    ] {
        let ended = place.run_told(&["rates", "import", EMAIL, "-"], text);
        if count == 0 {
            assert!(ended.refused(1).starts_with("line 1: "), "{}", ended.stderr);
        } else {
            assert_eq!(ended.done(), format!("rates imported: {count}\n"));
        }
    }
    let known = rates(&place);
    let of = |into: &str| {
        let rates = known.as_array().unwrap();
        rates.iter().find(|rate| rate["to"] == into).unwrap()["rate"].clone()
    };
    assert_eq!((of("USD"), of("NGN")), (json!("1.0834"), json!("1650.25")));
    let unclear = "2026-03-18;EUR;NGN;1.650\n";
    let ended = place.run_told(&["rates", "import", EMAIL, "-"], unclear);
    assert!(ended.refused(1).starts_with("line 1: \"1.650\" can be read in two ways"));
}
