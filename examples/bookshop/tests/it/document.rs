//! The shop's OpenAPI document, which stands in the repository so that every change of the API is seen in a review.

use super::shop;

#[tokio::test]
async fn the_committed_document_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let served = format!("{:#}\n", shop().await.openapi());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &served).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == served, "openapi.json is out of date: run the test once with UPDATE_OPENAPI=1");
}

#[tokio::test]
async fn every_operation_is_tagged_and_says_what_it_does() {
    let shop = shop().await;
    let paths = shop.openapi()["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 9);
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{method} {path}");
        }
    }
}
