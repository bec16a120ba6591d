Feature: Who hears of it on the learning platform
  Every receiver and repeat of fixtures/stacks/jac/alertmanager.yml.

  Background:
    Given the stack in "fixtures/stacks/jac"
    And "backend" serves 20 requests per second with 0.1% errors

  Scenario: A service that is down reaches on-call, again each hour, and says when it is over
    When "backend" goes down
    Then receiver "on-call" is notified once within 4 minutes about alert "ServiceDown", saying "Service jac-backend is down", grouped by alertname="ServiceDown", job="jac-backend"
    And webhook "http://alert-relay:8080/on-call" is notified within 4 minutes with payload '{"receiver": "on-call", "status": "firing", "commonLabels": {"severity": "critical"}}'
    And receiver "on-call" is notified once between 60 minutes and 80 minutes because repeat interval elapsed
    When "backend" comes back
    Then receiver "on-call" is notified within 10 minutes with status resolved

  Scenario: Some errors are for the team
    When "backend" errors rise to 5%
    Then receiver "team" is notified once within 10 minutes about alert "HighErrorRate", saying "errors per second"
    And webhook "http://alert-relay:8080/team" is notified within 10 minutes with payload '{"receiver": "team", "status": "firing"}'
    And receiver "on-call" is not notified for 10 minutes
    And receiver "team" is notified once between 4 hours and 5 hours because repeat interval elapsed
    When "backend" recovers
    Then receiver "team" is notified once within 15 minutes with status resolved

  Scenario: Of a service that is down nobody is told that it failed
    When "backend" errors rise to 5%
    Then receiver "team" is notified within 10 minutes about alert "HighErrorRate"
    When 2 minutes pass
    And "backend" goes down
    Then alert "HighErrorRate" is inhibited by "ServiceDown" within 5 minutes
