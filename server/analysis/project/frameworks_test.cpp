#include "server/analysis/project/frameworks.h"

namespace quarry::analysis::project {
namespace {

constexpr auto kTesting = FrameworkKind::kTest;

constexpr FrameworkRow kFrameworksTestRows[] = {
    {"Jest", kTesting, "npm:jest npm:ts-jest~ npm:babel-jest", "", "jest.config.js jest.config.ts"},
    {"Vitest", kTesting, "npm:vitest", "", "vitest.config.ts vitest.config.js"},
    {"Mocha", kTesting, "npm:mocha", "", ".mocharc.js .mocharc.json .mocharc.yml"},
    {"Jasmine", kTesting, "npm:jasmine npm:jasmine-core"},
    {"AVA", kTesting, "npm:ava"},
    {"tap", kTesting, "npm:tap npm:tape~"},
    {"Karma", kTesting, "npm:karma", "", "karma.conf.js"},
    {"QUnit", kTesting, "npm:qunit"},
    {"Cypress", kTesting, "npm:cypress", "", "cypress.config.js cypress.config.ts"},
    {"Playwright", kTesting,
     "npm:@playwright/test npm:playwright pypi:playwright pypi:pytest-playwright~", "",
     "playwright.config.ts"},
    {"Testing Library", kTesting, "npm:@testing-library/*"},
    {"k6", kTesting, "npm:k6"},
    {"pytest", kTesting, "pypi:pytest", "", "pytest.ini conftest.py"},
    {"Lighthouse", kTesting, "npm:lighthouse npm:@lhci/cli~", "",
     "lighthouserc.js lighthouserc.json"},
    {"unittest", kTesting, "pypi:unittest2 pypi:unittest-xml-reporting~", "pypi:pytest"},
    {"nose", kTesting, "pypi:nose pypi:nose2"},
    {"Hypothesis", kTesting, "pypi:hypothesis"},
    {"Robot Framework", kTesting, "pypi:robotframework"},
    {"testify", kTesting, "go:github.com/stretchr/testify"},
    {"Ginkgo", kTesting, "go:github.com/onsi/ginkgo"},
    {"GoConvey", kTesting, "go:github.com/smartystreets/goconvey"},
    {"proptest", kTesting, "cargo:proptest"},
    {"quickcheck", kTesting, "cargo:quickcheck"},
    {"Criterion.rs", kTesting, "cargo:criterion"},
    {"rstest", kTesting, "cargo:rstest"},
    {"JUnit", kTesting,
     "maven:junit maven:junit-jupiter* maven:junit-bom maven:junit-vintage-engine "
     "maven:spring-boot-starter-test~ maven:spring-boot-starter-*-test~ maven:kotlin-test-junit5~ "
     "maven:kotlin-test-junit~"},
    {"TestNG", kTesting, "maven:testng"},
    {"Spock", kTesting, "maven:spock-core"},
    {"Mockito", kTesting, "maven:mockito-core maven:mockito-junit-jupiter"},
    {"Kotest", kTesting, "maven:kotest-runner-junit5*"},
    {"ScalaTest", kTesting, "maven:scalatest"},
    {"MUnit", kTesting, "maven:munit"},
    {"specs2", kTesting, "maven:specs2-core"},
    {"Testcontainers", kTesting,
     "maven:testcontainers maven:junit-jupiter-testcontainers npm:testcontainers "
     "go:github.com/testcontainers/testcontainers-go"},
    {"xUnit.net", kTesting, "nuget:xunit nuget:xunit.v3"},
    {"NUnit", kTesting, "nuget:nunit"},
    {"MSTest", kTesting, "nuget:mstest.testframework nuget:mstest"},
    {"PHPUnit", kTesting, "packagist:phpunit/phpunit packagist:symfony/phpunit-bridge~", "",
     "phpunit.xml phpunit.xml.dist"},
    {"Pest", kTesting, "packagist:pestphp/pest"},
    {"Behat", kTesting, "packagist:behat/behat"},
    {"RSpec", kTesting, "rubygems:rspec rubygems:rspec-rails~", "", ".rspec"},
    {"Minitest", kTesting, "rubygems:minitest"},
    {"Capybara", kTesting, "rubygems:capybara"},
    {"Cucumber", kTesting, "rubygems:cucumber npm:@cucumber/cucumber maven:cucumber-java"},
    {"GoogleTest", kTesting, "native:gtest native:googletest"},
    {"Catch2", kTesting, "native:catch2"},
    {"doctest", kTesting, "native:doctest"},
    {"Boost.Test", kTesting, "native:boost-test"},
    {"Google Benchmark", kTesting, "native:benchmark"},
    {"Quick", kTesting, "apple:quick/quick apple:quick"},
    {"flutter_test", kTesting, "pub:flutter_test"},
    {"test (Dart)", kTesting, "pub:test"},
    {"Hspec", kTesting, "hackage:hspec"},
    {"Tasty", kTesting, "hackage:tasty"},
    {"QuickCheck", kTesting, "hackage:QuickCheck"},
    {"Alcotest", kTesting, "opam:alcotest"},
    {"OUnit", kTesting, "opam:ounit2"},
    {"ExUnit", kTesting, "", "", "test/test_helper.exs"},
    {"StreamData", kTesting, "hex:stream_data"},
    {"Gleeunit", kTesting, "hex:gleeunit"},
    {"Spectator", kTesting, "shards:spectator"},
    {"testthat", kTesting, "cran:testthat"},
    {"busted", kTesting, "luarocks:busted", "", ".busted"},
    {"Test::More", kTesting, "cpan:Test::More"},
};

}  // namespace

std::span<const FrameworkRow> test_frameworks() {
  return kFrameworksTestRows;
}

}  // namespace quarry::analysis::project
