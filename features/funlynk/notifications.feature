Feature: Who hears of it on the events platform
  Every receiver, channel and repeat of fixtures/stacks/funlynk/alertmanager.yml.

  Background:
    Given the stack in "fixtures/stacks/funlynk"

  Scenario: Errors that users feel are critical, by mail and in the channel
    When "backend" errors rise to 5%
    Then an email to "devops@funlynk.com" is sent once within 12 minutes with subject "CRITICAL: HighErrorRate", saying "Alert: High error rate detected"
    And an email to "devops@funlynk.com" is sent within 12 minutes, saying "errors per second"
    And channel "#alerts-critical" is notified once within 12 minutes with subject "CRITICAL Alert", saying "High error rate detected"
    And alert "HighErrorRate" is routed to "critical-alerts"
    And nobody else is notified for 12 minutes

  Scenario: What is critical is told again after an hour, and nobody is told that it is over
    When "backend" errors rise to 5%
    Then channel "#alerts-critical" is notified within 12 minutes because first notification
    And channel "#alerts-critical" is notified once between 1 hour and 80 minutes because repeat interval elapsed
    And an email to "devops@funlynk.com" is sent once between 1 hour and 80 minutes because repeat interval elapsed
    When "backend" recovers
    Then alert "HighErrorRate" resolves within 6 minutes
    And channel "#alerts-critical" is not notified with status resolved for 20 minutes
    And no email to "devops@funlynk.com" is sent for 20 minutes with status resolved

  Scenario: Latency is a warning, and one again after an hour
    When "backend" latency rises to 2s
    Then an email to "team@funlynk.com" is sent once within 12 minutes with subject "WARNING: HighLatency", saying "Alert: High latency detected"
    And channel "#alerts-warning" is notified once within 12 minutes with subject "Warning Alert", saying "High latency detected"
    And nobody else is notified for 12 minutes
    And channel "#alerts-warning" is notified once between 1 hour and 80 minutes because repeat interval elapsed
    And an email to "team@funlynk.com" is sent once between 1 hour and 80 minutes because repeat interval elapsed

  # No documented rule is neither critical nor a warning, but other programs send to the same Alertmanager.
  Scenario: What is neither critical nor a warning goes to the relay, until it is over
    When alert "CertificateExpires" is pushed to Alertmanager lasting 2 hours with label severity="info" with annotation summary="The certificate ends in 10 days"
    Then webhook "http://alert-relay.monitoring.svc:5001/" is notified once within 1 minute with status firing, saying "The certificate ends in 10 days", grouped by alertname="CertificateExpires"
    And alert "CertificateExpires" is routed to "web.hook"
    And nobody else is notified for 2 minutes
    When alert "CertificateExpires" is pushed to Alertmanager as resolved with label severity="info"
    Then webhook "http://alert-relay.monitoring.svc:5001/" is notified once within 1 minute with status resolved

  Scenario: The relay hears each hour of what goes on
    When alert "CertificateExpires" is pushed to Alertmanager lasting 2 hours with label severity="info" with annotation summary="The certificate ends in 10 days"
    Then webhook "http://alert-relay.monitoring.svc:5001/" is notified within 1 minute because first notification
    And webhook "http://alert-relay.monitoring.svc:5001/" is notified once between 1 hour and 61 minutes because repeat interval elapsed
