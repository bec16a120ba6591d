Feature: Who hears of it on the events platform

  Background:
    Given the stack in "fixtures/stacks/funlynk"

  Scenario: Errors that users feel are critical, by mail and in the channel, and again after an hour
    When "backend" errors rise to 5%
    Then an email to "devops@funlynk.com" is sent within 12 minutes with subject "CRITICAL: HighErrorRate", saying "errors per second"
    And channel "#alerts-critical" is notified within 12 minutes, saying "High error rate detected"
    And channel "#alerts-warning" is not notified for 12 minutes
    And alert "HighErrorRate" is routed to "critical-alerts"
    And channel "#alerts-critical" is notified within 80 minutes because repeat interval elapsed

  Scenario: Latency is a warning
    When "backend" latency rises to 2s
    Then an email to "team@funlynk.com" is sent within 12 minutes with subject "WARNING: HighLatency"
    And channel "#alerts-warning" is notified within 12 minutes, saying "High latency detected"
    And channel "#alerts-critical" is not notified for 12 minutes
