Feature: What the sei platform's on-call hears while Prometheus or Alertmanager fail
  The rules' `for` of 5 and 10 minutes, and what Alertmanager forgets after 4 minutes without a word.

  Background:
    Given the stack in "fixtures/stacks/sei"
    And "api-service" serves 200 requests per second with 0.1% errors

  Scenario: A pending alert whose `for` is 10 minutes survives a restart, and fires 10 minutes after it
    When "api-service" latency rises to p95 of 4s
    Then alert "APIHighLatency" becomes pending within 5 minutes
    When 5 minutes pass
    And Prometheus restarts
    Then alert "APIHighLatency" does not fire for 9 minutes
    And alert "APIHighLatency" fires within 12 minutes

  Scenario: A pending alert whose `for` is shorter begins to count again
    When "api-service" errors rise to 20%
    Then alert "APIHighErrorRate" becomes pending within 5 minutes
    When 3 minutes pass
    And Prometheus restarts
    Then alert "APIHighErrorRate" fires between 4 minutes and 7 minutes

  Scenario: A restart closes a page that is still true, and opens it again
    When "api-service" errors rise to 20%
    Then receiver "pagerduty" is notified once within 12 minutes
    When Prometheus restarts
    Then alert "APIHighErrorRate" becomes pending within 2 minutes
    And receiver "pagerduty" is notified once within 6 minutes with status resolved
    And receiver "pagerduty" is notified once within 8 minutes with status firing
    And alert "APIHighErrorRate" is firing

  Scenario: While Prometheus is down a warning ends by itself, and is back soon after it
    When "api-service" latency rises to p95 of 4s
    Then receiver "slack" is notified once within 20 minutes
    When Prometheus is killed
    Then receiver "slack" is notified once within 6 minutes with status resolved
    When 10 minutes pass
    And Prometheus comes back
    Then alert "APIHighLatency" becomes pending within 3 minutes
    And alert "APIHighLatency" fires within 5 minutes
    And receiver "slack" is notified once within 6 minutes with status firing

  Scenario: A Prometheus that hangs for a moment is not noticed
    When "api-service" errors rise to 20%
    Then receiver "pagerduty" is notified once within 12 minutes
    When Prometheus hangs
    Then nobody is notified for 2 minutes
    When Prometheus goes on
    Then nobody is notified for 15 minutes
    And alert "APIHighErrorRate" is firing

  Scenario: After ten minutes in which it hung Prometheus has no fresh samples, and lets go of what fires
    When "api-service" errors rise to 20%
    Then receiver "pagerduty" is notified once within 12 minutes
    When Prometheus hangs
    Then receiver "pagerduty" is notified once within 6 minutes with status resolved
    When 10 minutes pass
    And Prometheus goes on
    Then alert "APIHighErrorRate" resolves within 1 minute
    And alert "APIHighErrorRate" becomes pending within 3 minutes
    And receiver "pagerduty" is notified once within 10 minutes with status firing

  Scenario: An alert that fires while Alertmanager is unreachable for ten minutes is told as soon as it is reachable
    When Alertmanager becomes unreachable
    And "api-service" errors rise to 20%
    Then alert "APIHighErrorRate" is firing within 8 minutes
    When 10 minutes pass
    Then receiver "pagerduty" is not notified
    When Alertmanager is reachable again
    Then receiver "pagerduty" is notified once within 2 minutes

  Scenario: What fired before Alertmanager became unreachable for ten minutes is closed, and opened again
    When "api-service" errors rise to 20%
    Then receiver "pagerduty" is notified once within 12 minutes
    When Alertmanager becomes unreachable
    Then receiver "pagerduty" is notified once within 6 minutes with status resolved
    When 6 minutes pass
    And Alertmanager is reachable again
    Then receiver "pagerduty" is notified once within 2 minutes with status firing

  Scenario: What is over while Alertmanager is unreachable is closed when its last word runs out
    When "api-service" errors rise to 20%
    Then receiver "pagerduty" is notified once within 12 minutes
    When Alertmanager becomes unreachable
    And "api-service" recovers
    Then receiver "pagerduty" is notified once within 6 minutes with status resolved
    When 10 minutes pass
    And Alertmanager is reachable again
    Then nobody is notified for 10 minutes

  Scenario: An Alertmanager that was stopped knows whom it told
    When "api-service" errors rise to 20%
    Then receiver "pagerduty" is notified once within 12 minutes
    When Alertmanager stops
    And 10 minutes pass
    And Alertmanager comes back
    Then nobody is notified for 10 minutes

  Scenario: An Alertmanager that hangs for two minutes goes on with what it was sent meanwhile
    When "api-service" errors rise to 20%
    Then receiver "pagerduty" is notified once within 12 minutes
    When Alertmanager hangs
    And 2 minutes pass
    Then receiver "pagerduty" is not notified
    When Alertmanager goes on
    Then nobody is notified for 10 minutes

  Scenario: A page that a receiver answers with 500 is tried until it is well
    Given pagerduty fails with status 500
    When "api-service" errors rise to 20%
    Then receiver "pagerduty" is not notified for 15 minutes
    When receiver "pagerduty" works again
    Then receiver "pagerduty" is notified once within 2 minutes
