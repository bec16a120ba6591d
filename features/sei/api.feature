@smoke
Feature: On-call hears of a failing API, and of nothing else
  The same promise as in scenarios/sei/api.yaml, as a tester would say it.

  Background:
    Given the stack in "fixtures/stacks/sei"
    And "api-service" serves 200 requests per second with 0.1% errors

  Scenario: Errors just below 5% page nobody
    When "api-service" errors rise to 4.9%
    Then alert "APIHighErrorRate" does not become pending for 30 minutes
    And alert "APIHighErrorRate" does not fire for 30 minutes

  Scenario: Errors just above 5% page after five minutes
    When "api-service" errors rise to 5.2% (call this "errors-rise")
    Then alert "APIHighErrorRate" becomes pending between 4 minutes and 5 minutes
    And alert "APIHighErrorRate" fires between 9 minutes and 10 minutes of "errors-rise" with labels severity="critical", service="api-service"
    And alert "APIHighErrorRate" is firing with value 0.052, saying "Error rate is 5.2%"
    When "api-service" recovers
    Then alert "APIHighErrorRate" resolves within 1 minute

  Scenario Outline: At <errors> errors the alert fires between <from> and <to>
    The more fails, the sooner the five-minute rate crosses 5%; then the alert waits its five minutes.

    When "api-service" errors rise to <errors>
    Then alert "APIHighErrorRate" fires between <from> and <to>

    Examples:
      | errors | from  | to    |
      | 6%     | 8m    | 9m30s |
      | 8%     | 7m30s | 9m    |
      | 20%    | 6m    | 7m    |
      | 100%   | 5m    | 6m    |

  Scenario: One pod that fails everything hides behind its two healthy sisters' numbers only below 15%
    When instance "api-service-1" of "api-service" errors rise to 14%
    Then alert "APIHighErrorRate" does not fire for 30 minutes
    When instance "api-service-1" of "api-service" errors rise to 16%
    Then alert "APIHighErrorRate" is firing within 15 minutes

  Scenario: No traffic is no error
    When "api-service" traffic drops to 0 requests per second
    Then alert "APIHighErrorRate" stays inactive for 30 minutes
    And the expression `sum(rate(http_requests_total{job="api-service"}[5m]))` is 0 within 6 minutes

  Scenario: A restart of every pod is no error
    When "api-service" restarts
    Then alert "APIHighErrorRate" does not become pending for 15 minutes
