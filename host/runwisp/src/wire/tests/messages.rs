//! Deliveries, the bell and samples as clients see them.

use jiff::Timestamp;
use runwisp_core::notify::Answer;
use runwisp_core::words::notice::{BellRow, Delivery};
use serde_json::json;

use super::holds;
use super::world::World;
use crate::daemon::history::{DeliveryFilter, Notification};
use crate::notify::sample;

/// One delivery that did not arrive, if the filter asks for its notifier or for none.
pub(super) fn deliveries(filter: &DeliveryFilter) -> Vec<Delivery> {
    let now = Timestamp::UNIX_EPOCH;
    let delivery = sample::delivery("slack:#ops", Some("failed"), now).unwrap();
    let answer = Answer::Never {
        message: "no such channel".to_owned(),
    };
    let delivery = sample::ended(delivery, &answer, now);
    let wanted = filter.notifier.as_ref().is_none_or(|id| id == "slack");
    Some(delivery).filter(|_| wanted).into_iter().collect()
}

/// One row that nobody has read.
pub(super) fn bell() -> Vec<Notification> {
    let delivery = deliveries(&DeliveryFilter::default()).remove(0);
    let row = BellRow {
        id: delivery.id,
        notice: delivery.notice,
        count: 3,
        first_at: Timestamp::UNIX_EPOCH,
        last_at: Timestamp::UNIX_EPOCH,
    };
    vec![Notification { row, read: false }]
}

#[tokio::test]
async fn deliveries_have_the_fields_that_scripts_rely_on() {
    let world = World::start().await;
    let (status, body) = world.raw("GET", "/api/v1/deliveries?unit=ex*", "").await;
    assert_eq!((status, &body["schema_version"]), (200, &json!(1)));
    let delivery = &body["deliveries"][0];
    holds(
        delivery,
        "id event_id notifier target unit run_id kind severity title folded state created_at next_at ended_at \
         answers receipt attempts",
    );
    holds(&delivery["attempts"][0], "at outcome message");
    assert_eq!(delivery["state"], "rejected");
    assert_eq!(delivery["attempts"][0]["outcome"], "rejected");
    let (_, body) = world
        .raw("GET", "/api/v1/deliveries?notifier=mail", "")
        .await;
    assert_eq!(body["deliveries"], json!([]));
    let (status, _) = world.raw("GET", "/api/v1/deliveries?state=lost", "").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_delivery_that_is_unknown_or_has_no_way_is_not_sent_again() {
    let world = World::start().await;
    let retry = async |id: &str| {
        let path = format!("/api/v1/deliveries/{id}/retry");
        let (status, body) = world.raw("POST", &path, "").await;
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    };
    for id in ["x", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        assert_eq!(retry(id).await, (404, "delivery.unknown".to_owned()));
    }
    let id = deliveries(&DeliveryFilter::default()).remove(0).id;
    let refused = (409, "delivery.refused".to_owned());
    assert_eq!(retry(&id.to_string()).await, refused);
}

#[tokio::test]
async fn the_bell_is_shown_and_read() {
    let world = World::start().await;
    let (_, body) = world
        .raw("GET", "/api/v1/notifications?unread=true", "")
        .await;
    assert_eq!(body["unread"], 1);
    holds(
        &body["notifications"][0],
        "id kind severity unit run_id title sentence count first_at last_at read",
    );
    let (status, _) = world.raw("POST", "/api/v1/notifications/read", "").await;
    assert_eq!(status, 200);
    let wrong = r#"{"id": "x"}"#;
    let (status, _) = world.raw("POST", "/api/v1/notifications/read", wrong).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_notifier_that_is_not_defined_is_named_with_those_that_are() {
    let world = World::start().await;
    let (status, body) = world.raw("POST", "/api/v1/notifiers/slak/test", "").await;
    assert_eq!((status, &body["code"]), (404, &json!("notifier.unknown")));
    assert!(body["help"].as_str().unwrap().contains("slack"), "{body}");
}
