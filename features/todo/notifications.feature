Feature: Who hears of it in the to-do application
  Every receiver and repeat of fixtures/stacks/todo/alertmanager.yml.

  Background:
    Given the stack in "fixtures/stacks/todo"

  Scenario: A failing gateway reaches the relay, and again each hour until it is over
    When "api-gateway" errors rise to 20%
    Then receiver "web.hook" is notified once within 12 minutes with status firing about alert "HighErrorRate", saying "api-gateway has error rate above 10%"
    And alert "HighErrorRate" is routed to "web.hook"
    And webhook "http://alert-relay.default.svc:8080/alerts" is notified within 12 minutes with payload '{"status": "firing", "groupLabels": {"alertname": "HighErrorRate"}, "commonLabels": {"severity": "critical"}}'
    And receiver "web.hook" is notified once between 60 minutes and 80 minutes because repeat interval elapsed
    When "api-gateway" recovers
    Then receiver "web.hook" is notified within 10 minutes with status resolved

  Scenario: A slow gateway is a warning to the same relay
    When "api-gateway" latency rises to 4s
    Then receiver "web.hook" is notified within 12 minutes about alert "HighResponseTime" with label severity="warning"
    And nobody else is notified for 12 minutes
    When "api-gateway" recovers
    Then receiver "web.hook" is notified within 10 minutes with status resolved

  Scenario: Errors and latency are two messages, since alerts are grouped by their name
    When "api-gateway" errors rise to 20%
    And "api-gateway" latency rises to 4s
    Then receiver "web.hook" is notified once within 12 minutes about alert "HighErrorRate" grouped by alertname="HighErrorRate"
    And receiver "web.hook" is notified once within 12 minutes about alert "HighResponseTime" grouped by alertname="HighResponseTime"
