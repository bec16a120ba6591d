Feature: The events platform's on-call is paged for what users feel

  Background:
    Given the stack in "fixtures/stacks/funlynk"

  @smoke
  Scenario: Errors just below 0.1 per second page nobody
    When "backend" errors rise to 0.24%
    Then alert "HighErrorRate" does not become pending for 30 minutes

  @smoke
  Scenario: Errors just above 0.1 per second page after five minutes
    When "backend" errors rise to 0.26% (call this "errors-rise")
    Then alert "HighErrorRate" becomes pending between 4 minutes and 5 minutes
    And alert "HighErrorRate" fires between 9 minutes and 10 minutes of "errors-rise" with labels severity="critical", job="funlynk-backend"
    And alert "HighErrorRate" is firing with value above 0.1, saying "errors per second"
    When "backend" recovers
    Then alert "HighErrorRate" resolves within 5 minutes

  @outage
  Scenario Outline: A node that <goes> pages after five minutes
    When instance "node-1" <goes>
    Then alert "NodeDown" is pending within 30 seconds
    And alert "NodeDown" fires between 5m and 6m with labels instance="node-1"
    And alert "NodeDown" is firing with exactly 1 alert
    When instance "node-1" comes back
    Then alert "NodeDown" resolves within 30 seconds

    Examples:
      | goes                |
      | crashes             |
      | becomes unreachable |
