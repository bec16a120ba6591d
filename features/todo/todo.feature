Feature: The to-do application's alerts name the service that hurts

  Background:
    Given the stack in "fixtures/stacks/todo"

  @smoke
  Scenario: Errors just below a tenth page nobody
    When "api-gateway" errors rise to 9.9%
    Then alert "HighErrorRate" does not become pending for 30 minutes

  @smoke
  Scenario: Errors just above a tenth page after five minutes
    When "api-gateway" errors rise to 10.2% (call this "errors-rise")
    Then alert "HighErrorRate" becomes pending between 4 minutes and 5 minutes
    And alert "HighErrorRate" fires between 9 minutes and 10 minutes of "errors-rise"
      | label    | value       |
      | severity | critical    |
      | service  | api-gateway |
    And alert "HighErrorRate" is firing with value 0.102, saying "api-gateway has error rate above 10%"
    When "api-gateway" recovers
    Then alert "HighErrorRate" resolves within 1 minute

  Scenario: One slow route is seen as soon as it is a twentieth of the traffic
    When "api-gateway" latency rises to 4s on route "/todos/:id"
    Then the expression is above 2 within 5 minutes
      """
      histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))
      """
    And alert "HighResponseTime" fires within 10 minutes
