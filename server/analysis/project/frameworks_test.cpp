#include "server/analysis/project/frameworks.h"

namespace quarry::analysis::project {
namespace {

constexpr auto kTest = FrameworkKind::kTest;

constexpr FrameworkRow kRows[] = {
    {"Jest", kTest, "npm:jest npm:ts-jest npm:babel-jest", "", "jest.config.js jest.config.ts"},
    {"Vitest", kTest, "npm:vitest", "", "vitest.config.ts vitest.config.js"},
    {"Mocha", kTest, "npm:mocha", "", ".mocharc.js .mocharc.json .mocharc.yml"},
    {"Jasmine", kTest, "npm:jasmine npm:jasmine-core"},
    {"AVA", kTest, "npm:ava"},
    {"tap", kTest, "npm:tap npm:tape"},
    {"Karma", kTest, "npm:karma", "", "karma.conf.js"},
    {"QUnit", kTest, "npm:qunit"},
    {"Cypress", kTest, "npm:cypress", "", "cypress.config.js cypress.config.ts"},
    {"Playwright", kTest,
     "npm:@playwright/test npm:playwright pypi:playwright pypi:pytest-playwright", "",
     "playwright.config.ts"},
    {"Testing Library", kTest, "npm:@testing-library/*"},
    {"k6", kTest, "npm:k6"},
    {"pytest", kTest, "pypi:pytest", "", "pytest.ini conftest.py"},
    {"nose", kTest, "pypi:nose pypi:nose2"},
    {"Hypothesis", kTest, "pypi:hypothesis"},
    {"Robot Framework", kTest, "pypi:robotframework"},
    {"testify", kTest, "go:github.com/stretchr/testify"},
    {"Ginkgo", kTest, "go:github.com/onsi/ginkgo"},
    {"GoConvey", kTest, "go:github.com/smartystreets/goconvey"},
    {"proptest", kTest, "cargo:proptest cargo:quickcheck"},
    {"Criterion.rs", kTest, "cargo:criterion"},
    {"rstest", kTest, "cargo:rstest"},
    {"JUnit", kTest,
     "maven:junit maven:junit-jupiter* maven:junit-bom maven:junit-vintage-engine "
     "maven:spring-boot-starter-test maven:spring-boot-starter-*-test maven:kotlin-test-junit5 "
     "maven:kotlin-test-junit"},
    {"TestNG", kTest, "maven:testng"},
    {"Spock", kTest, "maven:spock-core"},
    {"Mockito", kTest, "maven:mockito-core maven:mockito-junit-jupiter"},
    {"Kotest", kTest, "maven:kotest-runner-junit5*"},
    {"ScalaTest", kTest, "maven:scalatest"},
    {"MUnit", kTest, "maven:munit"},
    {"specs2", kTest, "maven:specs2-core"},
    {"Testcontainers", kTest,
     "maven:testcontainers maven:junit-jupiter-testcontainers npm:testcontainers "
     "go:github.com/testcontainers/testcontainers-go"},
    {"xUnit.net", kTest, "nuget:xunit nuget:xunit.v3"},
    {"NUnit", kTest, "nuget:nunit"},
    {"MSTest", kTest, "nuget:mstest.testframework nuget:mstest"},
    {"PHPUnit", kTest, "packagist:phpunit/phpunit packagist:symfony/phpunit-bridge", "",
     "phpunit.xml phpunit.xml.dist"},
    {"Pest", kTest, "packagist:pestphp/pest"},
    {"Behat", kTest, "packagist:behat/behat"},
    {"RSpec", kTest, "rubygems:rspec rubygems:rspec-rails", "", ".rspec"},
    {"Minitest", kTest, "rubygems:minitest"},
    {"Capybara", kTest, "rubygems:capybara"},
    {"Cucumber", kTest, "rubygems:cucumber npm:@cucumber/cucumber maven:cucumber-java"},
    {"GoogleTest", kTest, "native:gtest native:googletest"},
    {"Catch2", kTest, "native:catch2"},
    {"doctest", kTest, "native:doctest"},
    {"Boost.Test", kTest, "native:boost-test"},
    {"Google Benchmark", kTest, "native:benchmark"},
    {"Quick", kTest, "apple:quick/quick apple:quick"},
    {"flutter_test", kTest, "pub:flutter_test"},
    {"test (Dart)", kTest, "pub:test"},
    {"Hspec", kTest, "hackage:hspec"},
    {"Tasty", kTest, "hackage:tasty"},
    {"QuickCheck", kTest, "hackage:QuickCheck"},
    {"Alcotest", kTest, "opam:alcotest"},
    {"OUnit", kTest, "opam:ounit2"},
    {"StreamData", kTest, "hex:stream_data"},
    {"Gleeunit", kTest, "hex:gleeunit"},
    {"Spectator", kTest, "shards:spectator"},
    {"testthat", kTest, "cran:testthat"},
    {"busted", kTest, "luarocks:busted", "", ".busted"},
    {"Test::More", kTest, "cpan:Test::More"},
};

}  // namespace

std::span<const FrameworkRow> test_frameworks() {
  return kRows;
}

}  // namespace quarry::analysis::project
