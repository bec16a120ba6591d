//! Ports whose programs do not speak HTTP, so that nothing can be scraped there.

/// A program that speaks a protocol of its own.
#[derive(Debug)]
pub struct Program {
    port: u16,
    pub name: &'static str,
    /// Words of which a host's name has one.
    words: &'static [&'static str],
    pub exporter: &'static str,
}

const PROGRAMS: [Program; 7] = [
    Program {
        port: 5432,
        name: "PostgreSQL",
        words: &["postgres", "pg", "timescale", "database", "db"],
        exporter: "postgres_exporter",
    },
    Program { port: 6379, name: "Redis", words: &["redis", "cache", "valkey"], exporter: "redis_exporter" },
    Program {
        port: 3306,
        name: "MySQL",
        words: &["mysql", "maria", "database", "db"],
        exporter: "mysqld_exporter",
    },
    Program {
        port: 27017,
        name: "MongoDB",
        words: &["mongo", "database", "db"],
        exporter: "mongodb_exporter",
    },
    Program { port: 9092, name: "Kafka", words: &["kafka", "broker"], exporter: "kafka_exporter" },
    Program {
        port: 5672,
        name: "RabbitMQ",
        words: &["rabbit", "broker", "queue", "mq"],
        exporter: "RabbitMQ's own plugin, at port 15692",
    },
    Program { port: 11211, name: "Memcached", words: &["memcache", "cache"], exporter: "memcached_exporter" },
];

/// The program behind an address such as `postgres:5432`.
pub fn behind(address: &str) -> Option<&'static Program> {
    let (host, port) = address.rsplit_once(':')?;
    let (host, port): (String, u16) = (host.to_lowercase(), port.parse().ok()?);
    PROGRAMS
        .iter()
        .find(|program| program.port == port && program.words.iter().any(|word| host.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_and_a_word_of_the_name_say_what_answers() {
        let name = |address| behind(address).map(|program| program.name);
        assert_eq!(name("postgres:5432"), Some("PostgreSQL"));
        assert_eq!(name("Main-DB.shop:5432"), Some("PostgreSQL"));
        assert_eq!(name("postgres-exporter:9187"), None);
        assert_eq!(name("shop:5432"), None);
        assert_eq!(name("redis"), None);
    }
}
