Feature: What the learning platform's on-call hears while something fails on the way
  A group waits for 30 seconds, and is looked at again every 5 minutes.

  Background:
    Given the stack in "fixtures/stacks/jac"
    And "backend" serves 20 requests per second with 0.1% errors

  Scenario: An Alertmanager that is killed before its group has waited tells it when it is back, once
    When "backend" goes down
    Then alert "ServiceDown" is firing within 2 minutes
    When Alertmanager is killed
    Then nobody is notified for 2 minutes
    When Alertmanager comes back
    Then receiver "on-call" is notified once within 2 minutes because first notification
    And receiver "on-call" is not notified for 20 minutes with status resolved
    And nobody else is notified

  Scenario: A target that flaps faster than `for` pages nobody
    When "backend" flaps every 45 seconds (call this "flapping")
    Then alert "ServiceDown" becomes pending within 30 seconds
    When 5 minutes pass
    And "backend" comes back
    And 2 minutes pass
    Then alert "ServiceDown" does not fire for 7 minutes of "flapping"
    And receiver "on-call" is not notified for 7 minutes of "flapping"

  Scenario: A target that flaps slowly is told of once in a group's interval, as it is then
    When "backend" goes down (call this "flapping")
    Then receiver "on-call" is notified once within 3 minutes with status firing
    When "backend" comes back
    Then alert "ServiceDown" resolves within 1 minute
    When "backend" goes down
    Then alert "ServiceDown" is firing within 3 minutes
    When "backend" comes back
    Then alert "ServiceDown" resolves within 1 minute
    And receiver "on-call" is notified once within 20 minutes of "flapping" with status firing
    And receiver "on-call" is notified once within 20 minutes of "flapping" with status resolved

  Scenario: A receiver that answers 500 hears of it when it is well
    Given receiver "on-call" fails with status 500
    When "backend" goes down
    Then receiver "on-call" is not notified for 10 minutes
    When receiver "on-call" works again
    Then receiver "on-call" is notified once within 6 minutes about alert "ServiceDown"
