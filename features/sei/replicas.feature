Feature: Two Prometheus servers watch the sei platform

  Background:
    Given the stack in "fixtures/stacks/sei"

  Scenario: Two replicas that nothing but time tells apart page once
    Given Prometheus runs as 2 replicas, 15 seconds apart
    When "api-service" goes down
    Then receiver "pagerduty" is notified once within 5 minutes
    When 30 minutes pass
    Then receiver "pagerduty" is not notified

  Scenario: A label that tells replicas apart, and that nothing drops, tells it twice
    Given Prometheus runs as 2 replicas with external label "replica"
    When "api-service" goes down
    Then receiver "pagerduty" is notified within 5 minutes with label replica="1"
    And receiver "pagerduty" is notified within 5 minutes with label replica="2"

  Scenario: One replica that dies is not missed
    Given Prometheus runs as 2 replicas, 15 seconds apart
    When "api-service" goes down
    Then receiver "pagerduty" is notified once within 5 minutes
    When Prometheus replica 1 goes down
    Then receiver "pagerduty" is not notified for 30 minutes

  Scenario: A page closes by itself when no Prometheus is left, though nothing is mended
    When "api-service" goes down
    Then receiver "pagerduty" is notified once within 5 minutes
    When Prometheus replica 1 goes down
    Then receiver "pagerduty" is notified once within 5 minutes with status resolved
    When Prometheus replica 1 comes back
    Then receiver "pagerduty" is notified once within 2 minutes with status firing
