Feature: Who hears of it in the sei platform
  Every receiver, channel and repeat of fixtures/stacks/sei/alertmanager.yml.

  Background:
    Given the stack in "fixtures/stacks/sei"
    And "api-service" serves 200 requests per second with 0.1% errors

  Scenario: A failing API pages on-call, and only once
    When "api-service" errors rise to 8%
    Then alert "APIHighErrorRate" is firing within 11 minutes
    And receiver "pagerduty" is notified once within 12 minutes, saying "APIHighErrorRate: API error rate is above 5%"
    And pagerduty is notified within 12 minutes with payload '{"event_type": "trigger"}'
    And channel "#sei-platform-alerts" is notified once within 12 minutes with subject "Alert: APIHighErrorRate"
    And channel "#sei-platform-alerts" is notified within 12 minutes, saying "Error rate is 8"
    And receiver "slack" is not notified for 10 minutes
    And nobody else is notified
    When "api-service" recovers
    Then alert "APIHighErrorRate" resolves within 7 minutes
    And pagerduty is notified once within 8 minutes with status resolved with payload '{"event_type": "resolve"}'
    And channel "#sei-platform-alerts" is not notified with status resolved for 10 minutes

  Scenario: A slow API is told to the warnings' channel
    When "api-service" latency rises to p95 of 4s
    Then receiver "slack" is notified once within 20 minutes with subject "Warning: APIHighLatency", with label severity="warning"
    And alert "APIHighLatency" is routed to "slack"
    And pagerduty is not notified for 20 minutes
    And nobody else is notified for 20 minutes
    When "api-service" recovers
    Then channel "#sei-platform-warnings" is notified once within 12 minutes with status resolved

  Scenario: Alerts of one cluster are told apart by their names
    When "api-service" errors rise to 8%
    Then pagerduty is notified within 12 minutes grouped by alertname="APIHighErrorRate", cluster="sei-platform", service="api-service"
    When "api-service" goes down
    Then pagerduty is notified once within 5 minutes about alert "APIServiceDown" grouped by alertname="APIServiceDown", cluster="sei-platform", service="api-service"

  Scenario: What is slow because it fails is told of once
    When "api-service" errors rise to 8%
    Then receiver "pagerduty" is notified once within 12 minutes about alert "APIHighErrorRate"
    And alert "APIHighErrorRate" is routed to "pagerduty" and "default"
    When "api-service" latency rises to p95 of 4s
    Then alert "APIHighLatency" is firing within 20 minutes
    And alert "APIHighLatency" is inhibited by "APIHighErrorRate" within 20 minutes
    And receiver "slack" is not notified for 30 minutes

  Scenario: Twelve hours later the page is repeated
    When "api-service" errors rise to 8%
    Then pagerduty is notified within 12 minutes because first notification
    When 13 hours pass
    Then pagerduty is notified once because repeat interval elapsed
    And channel "#sei-platform-alerts" is notified once because repeat interval elapsed

  Scenario: Twelve hours later a warning is repeated too
    When "api-service" latency rises to p95 of 4s
    Then channel "#sei-platform-warnings" is notified within 20 minutes because first notification
    And channel "#sei-platform-warnings" is notified once between 12 hours and 13 hours because repeat interval elapsed

  Scenario: A silence keeps the night quiet until it ends
    Given a silence for "alertname=APIHighErrorRate" with comment "release"
    When "api-service" errors rise to 8%
    Then alert "APIHighErrorRate" is silenced within 12 minutes
    And nobody is notified for 30 minutes
    When the silence "release" expires
    Then receiver "pagerduty" is notified once within 1 minute

  Scenario: A page that can't be delivered is tried until it is
    Given pagerduty fails with status 503
    When "api-service" errors rise to 8%
    Then receiver "pagerduty" is not notified for 30 minutes
    When receiver "pagerduty" works again
    Then receiver "pagerduty" is notified within 2 minutes

  Scenario: A restart that keeps its notification log repeats nothing
    When "api-service" errors rise to 8%
    Then receiver "pagerduty" is notified within 12 minutes
    When Alertmanager restarts
    Then nobody is notified for 1 hour
    When Alertmanager restarts without its storage
    Then receiver "pagerduty" is notified once within 5 minutes because first notification
