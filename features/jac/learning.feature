Feature: The learning platform counts outcomes, and its rules read them

  Background:
    Given the stack in "fixtures/stacks/jac"
    And "backend" serves 20 requests per second with 0.1% errors

  @smoke
  Scenario: Errors just below 0.1 per second are no warning
    When "backend" errors rise to 0.45%
    Then alert "HighErrorRate" does not become pending for 30 minutes

  @smoke
  Scenario: Errors just above 0.1 per second warn after two minutes
    When "backend" errors rise to 0.55% (call this "errors-rise")
    Then alert "HighErrorRate" becomes pending between 4 minutes and 5 minutes
    And alert "HighErrorRate" fires between 6 minutes and 7 minutes of "errors-rise" with labels severity="warning", job="jac-backend"
    And alert "HighErrorRate" is firing with value above 0.1, saying "errors per second"
    When "backend" recovers
    Then alert "HighErrorRate" resolves within 5 minutes

  Scenario Outline: Failing requests at <share> are <severity>
    When "backend" errors rise to <share>
    Then alert "HighErrorRate" fires within 4 minutes
    And alert "CriticalErrorRatio" <claim>

    Examples:
      | share | severity | claim                          |
      | 5%    | warning  | does not fire for 30 minutes   |
      | 9.9%  | warning  | does not fire for 30 minutes   |
      | 10.2% | critical | fires between 6m and 7m30s     |
      | 50%   | critical | fires between 2m30s and 4m     |

  @outage
  Scenario: A worker that hangs counts as down
    When "celery-worker" hangs
    Then job "jac-celery" is down within 30 seconds
    And alert "ServiceDown" fires between 1m and 2m with labels job="jac-celery", severity="critical"
    And the expression `count(ALERTS{alertname="ServiceDown",alertstate="firing"})` is 1
    When "celery-worker" comes back
    Then job "jac-celery" is up within 30 seconds
    And alert "ServiceDown" resolves within 30 seconds
