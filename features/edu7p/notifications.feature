Feature: Who hears of it on the education platform

  Background:
    Given the stack in "fixtures/stacks/edu7p"

  Scenario: A crashed instance is told to operations and management, again and again until it is over
    When instance "api-1" crashes
    Then an email to "management@education.example.com" is sent within 3 minutes with subject "[CRITICAL] Education Platform - ServiceDown", saying "Please investigate immediately!"
    And an email to "ops-team@education.example.com" is sent within 3 minutes, saying "Service 10.1.0.2:3000 has been down for more than 1 minute"
    And channel "#critical-alerts" is notified within 3 minutes with status firing, saying "*Instance:* 10.1.0.2:3000"
    And channel "#critical-alerts" is notified within 15 minutes because repeat interval elapsed
    And channel "#alerts" is not notified for 20 minutes
    When instance "api-1" comes back
    Then channel "#critical-alerts" is notified within 10 minutes with status resolved
    And no email to "management@education.example.com" is sent for 10 minutes with status resolved

  Scenario: Too few pupils are a warning, repeated each half hour
    When metric "education_platform_active_users" drops to 2
    Then an email to "ops-team@education.example.com" is sent within 20 minutes with subject "[WARNING] Education Platform - LowActiveUsers", saying "Only 8 users are currently active"
    And channel "#alerts" is notified within 20 minutes, saying "Only 8 users are currently active"
    And channel "#critical-alerts" is not notified for 20 minutes
    And channel "#alerts" is notified within 60 minutes because repeat interval elapsed

  Scenario: The dead man's switch is heard
    Then channel "#monitoring" is notified within 6 minutes because repeat interval elapsed, saying "Education Platform monitoring is alive and well!"
