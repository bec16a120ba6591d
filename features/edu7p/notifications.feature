Feature: Who hears of it on the education platform
  Every receiver, channel and repeat of fixtures/stacks/edu7p/alertmanager.yml.

  Background:
    Given the stack in "fixtures/stacks/edu7p"

  Scenario: A crashed instance is told to operations and management
    When instance "api-1" crashes
    Then an email to "management@education.example.com" is sent once within 3 minutes with subject "[CRITICAL] Education Platform - ServiceDown", saying "🚨 CRITICAL ALERT 🚨"
    And an email to "management@education.example.com" is sent within 3 minutes, saying "Please investigate immediately!"
    And an email to "ops-team@education.example.com" is sent within 3 minutes, saying "Service 10.1.0.2:3000 has been down for more than 1 minute"
    And channel "#critical-alerts" is notified once within 3 minutes with status firing with subject "🚨 Critical Alert - Education Platform"
    And channel "#critical-alerts" is notified within 3 minutes, saying "*Instance:* 10.1.0.2:3000"
    And channel "#critical-alerts" is notified within 3 minutes with payload '{"channel": "#critical-alerts", "attachments": [{"color": "danger"}]}'
    And alert "ServiceDown" is routed to "critical-alerts"

  Scenario: What is critical is repeated until it is over, and the channel hears that it is
    When instance "api-1" crashes
    Then channel "#critical-alerts" is notified within 3 minutes because first notification
    # repeat_interval is 5m, and the group is looked at every minute.
    And channel "#critical-alerts" is notified between 6 minutes and 9 minutes because repeat interval elapsed
    And channel "#critical-alerts" is notified twice within 15 minutes because repeat interval elapsed
    And an email to "management@education.example.com" is sent once between 6 minutes and 9 minutes because repeat interval elapsed
    And channel "#alerts" is not notified for 20 minutes
    When instance "api-1" comes back
    Then channel "#critical-alerts" is notified once within 10 minutes with status resolved
    And no email to "management@education.example.com" is sent for 10 minutes with status resolved

  Scenario: Instances that crash together are one message
    When "api" crashes
    Then an email to "ops-team@education.example.com" is sent once within 3 minutes, saying "Service 10.1.0.1:3000", grouped by alertname="ServiceDown", cluster="education-platform"
    And an email to "ops-team@education.example.com" is sent within 3 minutes, saying "Service 10.1.0.2:3000"

  Scenario: Too few pupils are a warning, repeated each half hour
    When metric "education_platform_active_users" drops to 2
    Then an email to "ops-team@education.example.com" is sent once within 20 minutes with subject "[WARNING] Education Platform - LowActiveUsers", saying "⚠️ WARNING ALERT ⚠️"
    And channel "#alerts" is notified once within 20 minutes with subject "⚠️ Warning - Education Platform", saying "Only 8 users are currently active"
    And channel "#alerts" is notified within 20 minutes with payload '{"channel": "#alerts", "attachments": [{"color": "warning"}]}'
    And channel "#critical-alerts" is not notified for 20 minutes
    And no email to "management@education.example.com" is sent for 60 minutes
    And channel "#alerts" is notified once between 45 minutes and 60 minutes because repeat interval elapsed
    And an email to "ops-team@education.example.com" is sent once between 45 minutes and 60 minutes because repeat interval elapsed
    When metric "education_platform_active_users" becomes 100
    Then alert "LowActiveUsers" resolves within 1 minute
    And channel "#alerts" is not notified with status resolved for 30 minutes

  Scenario: Of an instance that fails nobody is told that it is slow
    When "api" errors rise to 20%
    Then channel "#critical-alerts" is notified within 8 minutes about alert "HighErrorRate"
    When "api" latency rises to p95 of 6s
    Then alert "HighResponseTime" is inhibited by "HighErrorRate" within 12 minutes
    And channel "#alerts" is not notified for 30 minutes
    And no email to "ops-team@education.example.com" is sent for 30 minutes about alert "HighResponseTime"
    When "api" errors drop to 0.1%
    Then channel "#alerts" is notified within 12 minutes about alert "HighResponseTime"

  Scenario: The dead man's switch is heard, and heard again
    Then channel "#monitoring" is notified within 7 minutes because repeat interval elapsed with subject "💀 Monitoring Health Check", saying "Education Platform monitoring is alive and well!"
    And channel "#monitoring" is notified within 16 minutes with payload '{"attachments": [{"color": "good"}]}'
    And alert "DeadMansSwitch" is routed to "deadman-switch"
    And nobody else is notified for 1 hour

  Scenario: What is neither critical nor a warning is a mail to operations, and another half a day later
    # No documented rule is so, but other programs send to the same Alertmanager.
    When alert "BackupFailed" is pushed to Alertmanager lasting 13 hours with labels severity="info", instance="backup-1" with annotations summary="No backup since yesterday", description="pg_dump ended with 1"
    Then an email to "ops-team@education.example.com" is sent once within 1 minute with subject "[ALERT] Education Platform - BackupFailed", saying "Alert: No backup since yesterday"
    And an email to "ops-team@education.example.com" is sent within 1 minute, saying "Severity: info"
    And alert "BackupFailed" is routed to "default-receiver"
    And channel "#alerts" is not notified for 1 hour
    And an email to "ops-team@education.example.com" is sent once between 12 hours and 12h10m about alert "BackupFailed" because repeat interval elapsed
