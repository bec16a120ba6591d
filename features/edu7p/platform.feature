Feature: The education platform tells its operators when pupils are hurt
  The rules of fixtures/stacks/edu7p, in the words of those who test them.

  Background:
    Given the stack in "fixtures/stacks/edu7p"

  @smoke
  Scenario: Errors just below 5% page nobody
    When "api" errors rise to 4.9%
    Then alert "HighErrorRate" does not become pending for 30 minutes

  @smoke
  Scenario: Errors just above 5% page for each instance after two minutes
    When "api" errors rise to 5.2% (call this "errors-rise")
    Then alert "HighErrorRate" becomes pending between 4m30s and 5m
    And alert "HighErrorRate" fires between 6m30s and 7m of "errors-rise" with exactly 2 alerts
    And alert "HighErrorRate" is firing with value 0.052, saying "Error rate is 5.2% for"
      | label    | value         |
      | severity | critical      |
      | instance | 10.1.0.1:3000 |
    When "api" recovers
    Then alert "HighErrorRate" resolves within 1 minute

  @outage
  Scenario: A crashed instance is missed after a minute, and a rollout is not
    When instance "api-1" crashes (call this "crash")
    Then target "10.1.0.2:3000" of job "education-platform" is down within 30 seconds
    And alert "ServiceDown" fires between 1m and 2m of "crash" saying "Service 10.1.0.2:3000 has been down"
    When instance "api-1" vanishes from discovery
    Then alert "ServiceDown" resolves within 90 seconds
    And the series `up{instance="10.1.0.2:3000"}` is absent within 90 seconds

  @outage
  Scenario: The exporters' jobs are up, and each says so
    Then every target of job "postgres-exporter" is up
    And every target of job "cadvisor" is up
    And every rule is healthy for 10 minutes

  Scenario Outline: Business metrics: <users> active users are <what>
    When metric "education_platform_active_users" drops to <each>
    Then alert "LowActiveUsers" <claim>

    # Two instances each count pupils and teachers: four series.
    Examples: Enough
      | users | each | what   | claim                         |
      | 12    | 3    | enough | does not fire for 30 minutes  |
      | 10    | 2.5  | enough | does not fire for 30 minutes  |

    Examples: Too few
      | users | each | what    | claim                   |
      | 8     | 2    | too few | fires between 15m and 16m |
      | 0     | 0    | too few | fires between 15m and 16m |

  @slow
  Scenario: The dead man's switch never rests
    Then alert "DeadMansSwitch" keeps firing for 24 hours
