#include "server/analysis/project/services.h"

#include <algorithm>

#include "server/analysis/manifest/text.h"

namespace quarry::analysis::project {
namespace {

constexpr ServiceRow kRows[] = {
    {"PostgreSQL", "database",
     "npm:pg npm:postgres npm:pg-promise npm:slonik npm:@mikro-orm/postgresql npm:@types/pg "
     "pypi:psycopg2 pypi:psycopg2-binary pypi:psycopg pypi:asyncpg pypi:pg8000 pypi:aiopg "
     "go:github.com/lib/pq go:github.com/jackc/pgx go:gorm.io/driver/postgres "
     "cargo:postgres cargo:tokio-postgres cargo:deadpool-postgres maven:postgresql "
     "maven:r2dbc-postgresql maven:quarkus-jdbc-postgresql nuget:npgsql* nuget:aspire.npgsql* "
     "nuget:aspire.hosting.postgresql rubygems:pg hex:postgrex "
     "packagist:martin-georgiev/postgresql-for-doctrine pub:postgres "
     "apple:vapor/fluent-postgres-driver hex:epgsql hackage:postgresql-simple cpan:DBD::Pg",
     "postgres postgresql postgis bitnami/postgresql cimg/postgres timescale/timescaledb "
     "pgvector/pgvector",
     "postgres postgresql jdbc:postgresql r2dbc:postgresql postgis", "postgresql postgres"},
    {"MySQL", "database",
     "npm:mysql npm:mysql2 npm:@mikro-orm/mysql pypi:pymysql pypi:mysqlclient "
     "pypi:mysql-connector-python pypi:aiomysql pypi:asyncmy go:github.com/go-sql-driver/mysql "
     "go:gorm.io/driver/mysql cargo:mysql cargo:mysql_async maven:mysql-connector-java "
     "maven:mysql-connector-j nuget:mysql.data nuget:mysqlconnector "
     "nuget:pomelo.entityframeworkcore.mysql rubygems:mysql2 rubygems:trilogy hex:myxql "
     "pub:mysql1 apple:vapor/fluent-mysql-driver cpan:DBD::mysql",
     "mysql mysql/mysql-server bitnami/mysql percona", "mysql jdbc:mysql", "mysql mysql2 trilogy"},
    {"MariaDB", "database", "npm:mariadb pypi:mariadb maven:mariadb-java-client cpan:DBD::MariaDB",
     "mariadb bitnami/mariadb", "mariadb jdbc:mariadb", "mariadb"},
    {"SQLite", "database",
     "npm:sqlite npm:sqlite3 npm:better-sqlite3 pypi:aiosqlite go:github.com/mattn/go-sqlite3 "
     "go:modernc.org/sqlite go:gorm.io/driver/sqlite go:github.com/glebarez/sqlite cargo:rusqlite "
     "cargo:sqlite cargo:libsqlite3-sys maven:sqlite-jdbc nuget:microsoft.data.sqlite "
     "nuget:microsoft.entityframeworkcore.sqlite rubygems:sqlite3 hex:exqlite hex:ecto_sqlite3 "
     "pub:sqflite pub:sqlite3 apple:vapor/fluent-sqlite-driver native:sqlite3 "
     "apple:groue/grdb.swift "
     "hackage:sqlite-simple cpan:DBD::SQLite crystal:sqlite3",
     "", "sqlite jdbc:sqlite sqlite3", "sqlite sqlite3"},
    {"SQL Server", "database",
     "npm:mssql npm:tedious pypi:pymssql pypi:pyodbc go:github.com/microsoft/go-mssqldb "
     "go:github.com/denisenkom/go-mssqldb cargo:tiberius maven:mssql-jdbc "
     "nuget:microsoft.data.sqlclient nuget:system.data.sqlclient "
     "nuget:microsoft.entityframeworkcore.sqlserver rubygems:tiny_tds hex:tds",
     "mssql/server mcr.microsoft.com/mssql/server azure-sql-edge", "sqlserver jdbc:sqlserver mssql",
     "sqlserver mssql"},
    {"Oracle", "database",
     "npm:oracledb pypi:cx-oracle pypi:oracledb go:github.com/godror/godror cargo:oracle "
     "maven:ojdbc* nuget:oracle.manageddataaccess* rubygems:ruby-oci8 cpan:DBD::Oracle",
     "oracle/database gvenzl/oracle-xe gvenzl/oracle-free", "oracle jdbc:oracle", "oracle"},
    {"MongoDB", "database",
     "npm:mongodb npm:mongoose npm:@mikro-orm/mongodb npm:@nestjs/mongoose pypi:pymongo pypi:motor "
     "pypi:mongoengine pypi:beanie go:go.mongodb.org/mongo-driver cargo:mongodb "
     "maven:mongo-java-driver maven:mongodb-driver* maven:spring-boot-starter-data-mongodb* "
     "nuget:mongodb.driver rubygems:mongo rubygems:mongoid packagist:mongodb/* hex:mongodb_driver "
     "pub:mongo_dart cpan:MongoDB",
     "mongo mongodb/mongodb-community-server bitnami/mongodb", "mongodb mongodb+srv", "mongodb"},
    {"Redis", "cache",
     "npm:redis npm:ioredis npm:@redis/client npm:bullmq npm:bull npm:connect-redis pypi:redis "
     "pypi:aioredis pypi:django-redis pypi:rq go:github.com/redis/go-redis "
     "go:github.com/go-redis/redis go:github.com/gomodule/redigo cargo:redis cargo:fred "
     "cargo:deadpool-redis maven:jedis maven:lettuce-core maven:redisson "
     "maven:spring-boot-starter-data-redis* "
     "maven:carmine nuget:stackexchange.redis nuget:aspire.stackexchange.redis* "
     "nuget:aspire.hosting.redis "
     "nuget:microsoft.extensions.caching.stackexchangeredis "
     "rubygems:redis rubygems:redis-client rubygems:sidekiq packagist:predis/predis "
     "packagist:snc/redis-bundle hex:redix native:hiredis pub:redis apple:vapor/redis",
     "redis bitnami/redis redis/redis-stack redis/redis-stack-server", "redis rediss", ""},
    {"Valkey", "cache",
     "npm:iovalkey npm:@valkey/valkey-glide pypi:valkey pypi:valkey-glide "
     "go:github.com/valkey-io/valkey-go",
     "valkey/valkey bitnami/valkey", "valkey", ""},
    {"Memcached", "cache",
     "npm:memcached npm:memjs pypi:pymemcache pypi:python-memcached pypi:pylibmc "
     "go:github.com/bradfitz/gomemcache cargo:memcache maven:spymemcached maven:xmemcached "
     "rubygems:dalli nuget:enyimmemcachedcore",
     "memcached bitnami/memcached", "memcached", ""},
    {"Elasticsearch", "search",
     "npm:@elastic/elasticsearch pypi:elasticsearch pypi:elasticsearch-dsl "
     "go:github.com/elastic/go-elasticsearch go:github.com/olivere/elastic cargo:elasticsearch "
     "maven:elasticsearch-java maven:elasticsearch-rest-high-level-client "
     "maven:spring-boot-starter-data-elasticsearch nuget:elastic.clients.elasticsearch nuget:nest "
     "rubygems:elasticsearch rubygems:searchkick packagist:elasticsearch/elasticsearch "
     "packagist:ruflin/elastica",
     "elasticsearch elasticsearch/elasticsearch bitnami/elasticsearch", "elasticsearch", ""},
    {"OpenSearch", "search",
     "npm:@opensearch-project/opensearch pypi:opensearch-py "
     "go:github.com/opensearch-project/opensearch-go "
     "rubygems:opensearch-ruby maven:opensearch-java",
     "opensearchproject/opensearch", "", ""},
    {"Meilisearch", "search",
     "npm:meilisearch pypi:meilisearch go:github.com/meilisearch/meilisearch-go "
     "cargo:meilisearch-sdk "
     "rubygems:meilisearch packagist:meilisearch/meilisearch-php",
     "getmeili/meilisearch", "", ""},
    {"Typesense", "search",
     "npm:typesense pypi:typesense rubygems:typesense go:github.com/typesense/typesense-go "
     "packagist:typesense/typesense-php",
     "typesense/typesense", "", ""},
    {"Algolia", "search",
     "npm:algoliasearch pypi:algoliasearch rubygems:algolia "
     "packagist:algolia/algoliasearch-client-php",
     "", "", ""},
    {"Apache Solr", "search", "maven:solr-solrj pypi:pysolr rubygems:rsolr rubygems:sunspot_rails",
     "solr bitnami/solr", "", ""},
    {"Cassandra", "database",
     "npm:cassandra-driver pypi:cassandra-driver go:github.com/gocql/gocql cargo:cdrs cargo:scylla "
     "maven:java-driver-core maven:cassandra-driver-core nuget:cassandracsharpdriver",
     "cassandra bitnami/cassandra scylladb/scylla", "cassandra", ""},
    {"CockroachDB", "database",
     "packagist:nbj/cockroachdb-laravel go:github.com/cockroachdb/cockroach-go "
     "npm:typeorm-cockroachdb",
     "cockroachdb/cockroach", "cockroachdb", "cockroachdb"},
    {"DynamoDB", "database",
     "npm:@aws-sdk/client-dynamodb npm:@aws-sdk/lib-dynamodb npm:dynamoose pypi:pynamodb "
     "go:github.com/aws/aws-sdk-go-v2/service/dynamodb cargo:aws-sdk-dynamodb maven:dynamodb "
     "rubygems:aws-sdk-dynamodb nuget:awssdk.dynamodbv2",
     "amazon/dynamodb-local", "", ""},
    {"Cosmos DB", "database",
     "npm:@azure/cosmos pypi:azure-cosmos nuget:microsoft.azure.cosmos maven:azure-cosmos "
     "go:github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos",
     "", "", ""},
    {"Firestore", "database",
     "npm:@google-cloud/firestore pypi:google-cloud-firestore go:cloud.google.com/go/firestore "
     "maven:google-cloud-firestore pub:cloud_firestore packagist:google/cloud-firestore",
     "", "", ""},
    {"CouchDB", "database",
     "npm:nano npm:pouchdb pypi:couchdb packagist:doctrine/couchdb rubygems:couchrest",
     "couchdb apache/couchdb", "", ""},
    {"Couchbase", "database",
     "npm:couchbase pypi:couchbase rubygems:couchbase go:github.com/couchbase/gocb "
     "maven:java-client nuget:couchbasenetclient",
     "couchbase", "couchbase", ""},
    {"Neo4j", "database",
     "npm:neo4j-driver pypi:neo4j go:github.com/neo4j/neo4j-go-driver cargo:neo4rs "
     "maven:neo4j-java-driver rubygems:neo4j-ruby-driver nuget:neo4j.driver",
     "neo4j", "neo4j bolt", ""},
    {"InfluxDB", "database",
     "npm:@influxdata/influxdb-client npm:influx pypi:influxdb pypi:influxdb-client "
     "go:github.com/influxdata/influxdb-client-go cargo:influxdb maven:influxdb-client-java "
     "rubygems:influxdb-client",
     "influxdb bitnami/influxdb", "", ""},
    {"ClickHouse", "database",
     "npm:@clickhouse/* pypi:clickhouse-connect pypi:clickhouse-driver "
     "go:github.com/ClickHouse/clickhouse-go cargo:clickhouse maven:clickhouse-jdbc "
     "rubygems:clickhouse-activerecord",
     "clickhouse/clickhouse-server", "clickhouse jdbc:clickhouse", ""},
    {"DuckDB", "database",
     "npm:duckdb npm:@duckdb/* pypi:duckdb cargo:duckdb go:github.com/marcboeker/go-duckdb "
     "maven:duckdb_jdbc",
     "", "duckdb jdbc:duckdb", ""},
    {"Snowflake", "database",
     "npm:snowflake-sdk pypi:snowflake-connector-python go:github.com/snowflakedb/gosnowflake "
     "maven:snowflake-jdbc",
     "", "snowflake jdbc:snowflake", ""},
    {"BigQuery", "database",
     "npm:@google-cloud/bigquery pypi:google-cloud-bigquery go:cloud.google.com/go/bigquery "
     "maven:google-cloud-bigquery rubygems:google-cloud-bigquery",
     "", "", ""},
    {"Spanner", "database",
     "npm:@google-cloud/spanner go:cloud.google.com/go/spanner pypi:google-cloud-spanner", "", "",
     ""},
    {"SurrealDB", "database", "npm:surrealdb npm:surrealdb.js cargo:surrealdb pypi:surrealdb",
     "surrealdb/surrealdb", "", ""},
    {"libSQL", "database",
     "npm:@libsql/client go:github.com/tursodatabase/libsql-client-go cargo:libsql", "", "libsql",
     "turso"},
    {"RethinkDB", "database",
     "npm:rethinkdb rubygems:rethinkdb go:github.com/rethinkdb/rethinkdb-go", "rethinkdb", "", ""},
    {"H2", "database", "maven:h2", "", "jdbc:h2", ""},
    {"HSQLDB", "database", "maven:hsqldb", "", "jdbc:hsqldb", ""},
    {"LMDB", "database", "npm:lmdb pypi:lmdb cargo:heed cargo:lmdb native:lmdb", "", "", ""},
    {"RocksDB", "database",
     "cargo:rocksdb go:github.com/linxGnu/grocksdb maven:rocksdbjni native:rocksdb", "", "", ""},
    {"etcd", "database", "go:go.etcd.io/etcd/client cargo:etcd-client",
     "quay.io/coreos/etcd bitnami/etcd coreos/etcd", "", ""},
    {"Qdrant", "database",
     "npm:@qdrant/js-client-rest pypi:qdrant-client cargo:qdrant-client "
     "go:github.com/qdrant/go-client",
     "qdrant/qdrant", "", ""},
    {"Pinecone", "database", "npm:@pinecone-database/pinecone pypi:pinecone pypi:pinecone-client",
     "", "", ""},
    {"Chroma", "database", "npm:chromadb pypi:chromadb", "chromadb/chroma", "", ""},
    {"Weaviate", "database", "npm:weaviate-client pypi:weaviate-client",
     "semitechnologies/weaviate", "", ""},
    {"Milvus", "database",
     "npm:@zilliz/milvus2-sdk-node pypi:pymilvus go:github.com/milvus-io/milvus-sdk-go",
     "milvusdb/milvus", "", ""},
    {"Upstash", "cache",
     "npm:@upstash/redis npm:@upstash/ratelimit npm:@upstash/kafka npm:@upstash/qstash "
     "npm:@upstash/vector pypi:upstash-redis"},
    {"Amazon Neptune", "database",
     "npm:@aws-sdk/client-neptune npm:@aws-sdk/client-neptunedata npm:@aws-cdk/aws-neptune "
     "go:github.com/aws/aws-sdk-go-v2/service/neptune cargo:aws-sdk-neptune "
     "rubygems:aws-sdk-neptune"},
    {"OceanBase", "database", "maven:oceanbase-client", "oceanbase/oceanbase-ce",
     "oceanbase jdbc:oceanbase"},
    {"QuestDB", "database",
     "npm:@questdb/nodejs-client pypi:questdb go:github.com/questdb/go-questdb-client "
     "cargo:questdb-rs maven:questdb",
     "questdb/questdb"},
    {"TDengine", "database",
     "npm:@tdengine/rest npm:@tdengine/client pypi:taospy go:github.com/taosdata/driver-go "
     "cargo:taos maven:taos-jdbcdriver",
     "tdengine/tdengine", "jdbc:TAOS jdbc:TAOS-RS"},
    {"TiDB", "database",
     "npm:@tidbcloud/serverless npm:@tidbcloud/prisma-adapter go:github.com/pingcap/tidb "
     "rubygems:activerecord-tidb-adapter",
     "pingcap/tidb", "tidb"},
    {"VictoriaMetrics", "database", "go:github.com/victoriametrics/metrics",
     "victoriametrics/victoria-metrics victoriametrics/vmagent victoriametrics/vminsert "
     "victoriametrics/vmstorage"},
    {"Supabase", "database",
     "npm:@supabase/supabase-js npm:@supabase/postgrest-js pypi:supabase pub:supabase_flutter",
     "supabase/postgres", "", ""},
    {"Convex", "database", "npm:convex pypi:convex cargo:convex", "", "", ""},
    {"MinIO", "storage", "npm:minio pypi:minio go:github.com/minio/minio-go maven:minio",
     "minio/minio", "", ""},
    {"Kafka", "queue",
     "npm:kafkajs npm:kafka-node npm:node-rdkafka pypi:kafka-python pypi:confluent-kafka "
     "pypi:aiokafka go:github.com/segmentio/kafka-go go:github.com/IBM/sarama "
     "go:github.com/Shopify/sarama go:github.com/confluentinc/confluent-kafka-go cargo:rdkafka "
     "maven:kafka-clients maven:spring-kafka maven:kafka-streams nuget:confluent.kafka "
     "rubygems:ruby-kafka "
     "rubygems:karafka packagist:nmred/kafka-php hex:brod hex:kafka_ex native:librdkafka",
     "bitnami/kafka confluentinc/cp-kafka apache/kafka ubuntu/kafka wurstmeister/kafka "
     "redpandadata/redpanda",
     "kafka", ""},
    {"RabbitMQ", "queue",
     "npm:amqplib npm:amqp-connection-manager pypi:pika pypi:aio-pika pypi:amqp "
     "go:github.com/rabbitmq/amqp091-go go:github.com/streadway/amqp cargo:lapin maven:amqp-client "
     "maven:spring-boot-starter-amqp maven:spring-rabbit nuget:rabbitmq.client "
     "nuget:aspire.rabbitmq.client "
     "nuget:aspire.hosting.rabbitmq "
     "nuget:masstransit.rabbitmq rubygems:bunny rubygems:sneakers "
     "packagist:php-amqplib/php-amqplib hex:amqp",
     "rabbitmq bitnami/rabbitmq", "amqp amqps", ""},
    {"NATS", "queue",
     "npm:nats pypi:nats-py go:github.com/nats-io/nats.go cargo:async-nats cargo:nats maven:jnats "
     "rubygems:nats-pure nuget:nats.client hex:gnat",
     "nats bitnami/nats", "nats", ""},
    {"Amazon SQS", "queue",
     "npm:@aws-sdk/client-sqs go:github.com/aws/aws-sdk-go-v2/service/sqs cargo:aws-sdk-sqs "
     "rubygems:aws-sdk-sqs maven:sqs nuget:awssdk.sqs",
     "", "", ""},
    {"Amazon Kinesis", "queue",
     "npm:@aws-sdk/client-kinesis go:github.com/aws/aws-sdk-go-v2/service/kinesis "
     "cargo:aws-sdk-kinesis rubygems:aws-sdk-kinesis",
     "", "", ""},
    {"Google Pub/Sub", "queue",
     "npm:@google-cloud/pubsub go:cloud.google.com/go/pubsub pypi:google-cloud-pubsub "
     "rubygems:google-cloud-pubsub",
     "", "", ""},
    {"Azure Service Bus", "queue",
     "npm:@azure/service-bus pypi:azure-servicebus nuget:azure.messaging.servicebus", "", "", ""},
    {"Pulsar", "queue",
     "npm:pulsar-client pypi:pulsar-client go:github.com/apache/pulsar-client-go "
     "maven:pulsar-client",
     "apachepulsar/pulsar", "pulsar", ""},
    {"ActiveMQ", "queue",
     "maven:activemq-client maven:spring-boot-starter-activemq maven:spring-boot-starter-artemis",
     "apache/activemq-classic", "", ""},
    {"MQTT", "queue",
     "npm:mqtt pypi:paho-mqtt go:github.com/eclipse/paho.mqtt.golang cargo:rumqttc "
     "maven:org.eclipse.paho.client.mqttv3 nuget:mqttnet",
     "eclipse-mosquitto emqx", "mqtt", ""},
    {"Celery", "queue", "pypi:celery", "", "", ""},
    {"Temporal", "queue",
     "npm:@temporalio/client pypi:temporalio go:go.temporal.io/sdk maven:temporal-sdk",
     "temporalio/auto-setup", "", ""},
    {"ZooKeeper", "database", "maven:zookeeper pypi:kazoo",
     "zookeeper bitnami/zookeeper confluentinc/cp-zookeeper", "", ""},
    {"Vault", "secrets",
     "go:github.com/hashicorp/vault/api pypi:hvac rubygems:vault npm:node-vault",
     "vault hashicorp/vault", "", ""},
};

bool holds(std::string_view list, std::string_view wanted) {
  return std::ranges::any_of(manifest::words(list),
                             [&](std::string_view one) { return one == wanted; });
}

}  // namespace

std::span<const ServiceRow> services() {
  return kRows;
}

const ServiceRow* find_service(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, &ServiceRow::name);
  return row == std::end(kRows) ? nullptr : row;
}

const ServiceRow* find_service_by_image(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t slash = image.rfind('/');
  const std::size_t tag = image.find(':', slash == std::string_view::npos ? 0 : slash);
  image = image.substr(0, tag);
  for (const std::string_view host : {"docker.io/", "library/"}) {
    if (image.starts_with(host)) image.remove_prefix(host.size());
  }
  if (image.empty()) return nullptr;
  for (const ServiceRow& row : kRows) {
    for (const std::string_view known : manifest::words(row.images)) {
      const bool same = image == known ||
                        (image.ends_with(known) && image[image.size() - known.size() - 1] == '/' &&
                         known.find('/') != std::string_view::npos);
      if (same) return &row;
    }
  }
  return nullptr;
}

const ServiceRow* find_service_by_url(std::string_view url) {
  const std::size_t end = url.find("://");
  std::string_view scheme = url.substr(0, std::min(end, url.size()));
  if (url.starts_with("jdbc:") || url.starts_with("r2dbc:")) {
    scheme = url.substr(0, url.find(':', url.find(':') + 1));
  } else if (end == std::string_view::npos) {
    if (!url.starts_with("sqlite:")) return nullptr;
    scheme = "sqlite";
  }
  scheme = scheme.substr(0, scheme.find("+py"));
  scheme = scheme.substr(0, scheme.find("+async"));
  scheme = scheme.substr(0, scheme.find("+psy"));
  for (const ServiceRow& row : kRows) {
    if (holds(row.schemes, scheme)) return &row;
  }
  return nullptr;
}

const ServiceRow* find_service_by_provider(std::string_view provider) {
  if (const std::size_t dot = provider.rfind('.'); dot != std::string_view::npos) {
    provider.remove_prefix(dot + 1);
  }
  if (provider.empty()) return nullptr;
  for (const ServiceRow& row : kRows) {
    if (holds(row.providers, provider)) return &row;
  }
  return nullptr;
}

}  // namespace quarry::analysis::project
