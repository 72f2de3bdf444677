import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.apache.hc.core5.http.HttpHost;
import org.opensearch.client.json.JsonData;
import org.opensearch.client.opensearch.OpenSearchClient;
import org.opensearch.client.opensearch._types.FieldValue;
import org.opensearch.client.opensearch._types.HealthStatus;
import org.opensearch.client.opensearch._types.OpenSearchException;
import org.opensearch.client.opensearch._types.Refresh;
import org.opensearch.client.opensearch._types.Result;
import org.opensearch.client.opensearch._types.SortOptions;
import org.opensearch.client.opensearch._types.SortOrder;
import org.opensearch.client.opensearch._types.Time;
import org.opensearch.client.opensearch._types.aggregations.Aggregate;
import org.opensearch.client.opensearch._types.aggregations.Aggregation;
import org.opensearch.client.opensearch._types.aggregations.CalendarInterval;
import org.opensearch.client.opensearch._types.aggregations.MultiBucketBase;
import org.opensearch.client.opensearch._types.query_dsl.Query;
import org.opensearch.client.opensearch.core.BulkResponse;
import org.opensearch.client.opensearch.core.SearchRequest;
import org.opensearch.client.opensearch.core.SearchResponse;
import org.opensearch.client.opensearch.core.search.Hit;
import org.opensearch.client.opensearch.core.search.TotalHitsRelation;
import org.opensearch.client.opensearch.generic.Requests;
import org.opensearch.client.transport.httpclient5.ApacheHttpClient5TransportBuilder;
import org.opensearch.client.transport.httpclient5.ResponseException;

/**
 * A session of the official Java client with a node: {@code java Session.java URL}. Fails at the
 * first wrong answer. The node has the UDF {@code string-distance}.
 */
final class Session {
    private static final String INDEX = "films-java";

    private static final List<Film> FILMS = List.of(
            new Film("Titanic", "drama", 1997, 7.5, "1997-12-19", true),
            new Film("The Matrix", "action", 1999, 8.75, "1999-03-31", true),
            new Film("Alien", "horror", 1979, 8.5, "1979-05-25", true),
            new Film("Aliens", "action", 1986, 8.25, "1986-07-18", true),
            new Film("Alien 3", "horror", 1992, 6.5, "1992-05-22", false));

    /** A document; Jackson reads and writes it. */
    public record Film(String title, String genre, int year, double rating, String released, boolean awarded) {}

    private final OpenSearchClient client;

    private Session(OpenSearchClient client) {
        this.client = client;
    }

    public static void main(String[] arguments) throws Exception {
        HttpHost host = HttpHost.create(arguments[0]);
        try (var transport =
                ApacheHttpClient5TransportBuilder.builder(host).setCompressionEnabled(true).build()) {
            Session session = new Session(new OpenSearchClient(transport));
            step("node", session::node);
            step("create", session::create);
            step("write", session::write);
            step("read", session::read);
            step("query", session::query);
            step("pages", session::pages);
            step("buckets", session::buckets);
            step("filters", session::filters);
            step("dates", session::dates);
            step("metrics", session::metrics);
            step("udf", session::udf);
            step("failures", session::failures);
            step("remove", session::remove);
        }
    }

    private static void step(String name, Callable<String> step) throws Exception {
        System.out.println("java: " + name + ": " + step.call());
    }

    private static void equal(Object expected, Object found) {
        if (!expected.equals(found)) {
            throw new AssertionError("expected " + expected + ", but found " + found);
        }
    }

    private String node() throws Exception {
        var version = client.info().version();
        equal("opensearch", version.distribution());
        var health = client.cluster().health(request -> request.waitForStatus(HealthStatus.Yellow));
        equal(HealthStatus.Green, health.status());
        equal(1, health.numberOfNodes());
        return version.distribution() + " " + version.number() + ", " + health.status();
    }

    private String create() throws Exception {
        var created = client.indices().create(index -> index.index(INDEX).mappings(mapping -> mapping
                .properties("title", field -> field.text(
                        text -> text.fields("keyword", inner -> inner.keyword(keyword -> keyword))))
                .properties("genre", field -> field.keyword(keyword -> keyword))
                .properties("year", field -> field.integer(number -> number))
                .properties("rating", field -> field.double_(number -> number))
                .properties("released", field -> field.date(date -> date))
                .properties("awarded", field -> field.boolean_(truth -> truth))));
        equal(true, created.acknowledged());
        var mapping = client.indices().getMapping(request -> request.index(INDEX)).get(INDEX).mappings();
        equal(true, mapping.properties().get("title").text().fields().get("keyword").isKeyword());
        equal(true, mapping.properties().get("year").isInteger());
        return String.join(", ", new TreeMap<>(mapping.properties()).keySet());
    }

    private String write() throws Exception {
        BulkResponse written = client.bulk(bulk -> {
            for (int number = 0; number < FILMS.size(); number++) {
                String id = String.valueOf(number);
                Film film = FILMS.get(number);
                bulk.operations(operation -> operation.index(index -> index.id(id).document(film)));
            }
            return bulk.index(INDEX).refresh(Refresh.True);
        });
        equal(false, written.errors());
        equal(FILMS.size(), written.items().size());
        BulkResponse again = client.bulk(bulk -> bulk.index(INDEX)
                .operations(operation -> operation.create(create -> create.id("0").document(FILMS.get(0)))));
        equal(true, again.errors());
        equal(409, again.items().get(0).status());
        equal("version_conflict_engine_exception", again.items().get(0).error().type());
        return written.items().size() + " documents, and a conflict";
    }

    private String read() throws Exception {
        var one = client.get(request -> request.index(INDEX).id("1"), Film.class);
        equal(FILMS.get(1), one.source());
        equal(1L, one.version());
        var none = client.get(request -> request.index(INDEX).id("none"), Film.class);
        equal(false, none.found());
        equal(5L, client.count(request -> request.index(INDEX)).count());
        return one.source().title();
    }

    private SearchResponse<Film> search(Function<SearchRequest.Builder, SearchRequest.Builder> build)
            throws Exception {
        return client.search(build.apply(new SearchRequest.Builder().index(INDEX)).build(), Film.class);
    }

    private static List<String> ids(SearchResponse<Film> found) {
        return found.hits().hits().stream().map(Hit::id).toList();
    }

    private String query() throws Exception {
        var found = search(search -> search.query(query -> query.bool(bool -> bool
                .must(must -> must.match(match -> match.field("title").query(FieldValue.of("alien aliens"))))
                .filter(filter -> filter.range(
                        range -> range.field("released").lt(JsonData.of("1990-01-01")))))));
        equal(2L, found.hits().total().value());
        equal(TotalHitsRelation.Eq, found.hits().total().relation());
        equal(List.of("2", "3"), ids(found).stream().sorted().toList());
        Hit<Film> best = found.hits().hits().get(0);
        equal(FILMS.get(Integer.parseInt(best.id())), best.source());
        return found.hits().total().value() + " hits";
    }

    private static SortOptions by(String field, SortOrder order) {
        return SortOptions.of(sort -> sort.field(key -> key.field(field).order(order)));
    }

    private List<List<String>> pagesBy(SortOptions... sort) throws Exception {
        List<List<String>> pages = new ArrayList<>();
        List<FieldValue> after = List.of();
        while (true) {
            List<FieldValue> values = after;
            var page = search(search -> {
                search.size(2).sort(List.of(sort));
                return values.isEmpty() ? search : search.searchAfter(values);
            });
            List<Hit<Film>> hits = page.hits().hits();
            if (hits.isEmpty()) {
                return pages;
            }
            pages.add(ids(page));
            after = hits.get(hits.size() - 1).sort();
        }
    }

    private String pages() throws Exception {
        equal(List.of(List.of("3", "1"), List.of("0", "4"), List.of("2")),
                pagesBy(by("genre", SortOrder.Asc), by("_id", SortOrder.Desc)));
        equal(List.of(List.of("1", "0"), List.of("4", "3"), List.of("2")), pagesBy(by("released", SortOrder.Desc)));
        return "by _id, by date";
    }

    private Map<String, Aggregate> aggregate(Map<String, Aggregation> aggregations) throws Exception {
        return search(search -> search.size(0).aggregations(aggregations)).aggregations();
    }

    private static <B extends MultiBucketBase> List<Long> counts(List<B> buckets) {
        return buckets.stream().map(MultiBucketBase::docCount).toList();
    }

    private String buckets() throws Exception {
        var found = aggregate(Map.of(
                "genre", Aggregation.of(it -> it.terms(terms -> terms.field("genre"))
                        .aggregations("best", best -> best.max(max -> max.field("rating")))),
                "year", Aggregation.of(it -> it.terms(terms -> terms.field("year"))),
                "rating", Aggregation.of(it -> it.terms(terms -> terms.field("rating"))),
                "awarded", Aggregation.of(it -> it.terms(terms -> terms.field("awarded"))),
                "decade", Aggregation.of(it -> it.histogram(histogram -> histogram.field("year").interval(10.0))),
                "released", Aggregation.of(it -> it.dateHistogram(histogram -> histogram
                        .field("released").fixedInterval(Time.of(time -> time.time("1d"))).minDocCount(1))),
                "good", Aggregation.of(it -> it.range(range -> range.field("rating")
                        .ranges(bounds -> bounds.to(JsonData.of(8.0)))
                        .ranges(bounds -> bounds.from(JsonData.of(8.0)))))));
        var genres = found.get("genre").sterms().buckets().array();
        equal(List.of("action", "horror", "drama"), genres.stream().map(bucket -> bucket.key()).toList());
        equal(List.of(2L, 2L, 1L), counts(genres));
        equal(List.of(8.75, 8.5, 7.5),
                genres.stream().map(bucket -> bucket.aggregations().get("best").max().value()).toList());
        var years = found.get("year").lterms().buckets().array();
        equal(List.of(1979L, 1986L, 1992L, 1997L, 1999L),
                years.stream().map(bucket -> bucket.key().signed()).toList());
        var ratings = found.get("rating").dterms().buckets().array();
        equal(List.of(6.5, 7.5, 8.25, 8.5, 8.75), ratings.stream().map(bucket -> bucket.key()).toList());
        var awarded = found.get("awarded").lterms().buckets().array();
        equal(List.of("true", "false"), awarded.stream().map(bucket -> bucket.keyAsString()).toList());
        var decades = found.get("decade").histogram().buckets().array();
        equal(List.of(1970.0, 1980.0, 1990.0), decades.stream().map(bucket -> bucket.key()).toList());
        equal(List.of(1L, 1L, 3L), counts(decades));
        var released = found.get("released").dateHistogram().buckets().array();
        equal("1979-05-25T00:00:00.000Z", released.get(0).keyAsString());
        equal(296438400000L, released.get(0).key());
        var good = found.get("good").range().buckets().array();
        equal(List.of("*-8.0", "8.0-*"), good.stream().map(bucket -> bucket.key()).toList());
        equal(List.of(2L, 3L), counts(good));
        return String.join(", ", new TreeMap<>(found).keySet());
    }

    private String filters() throws Exception {
        Query awarded = Query.of(query -> query.term(
                term -> term.field("awarded").value(FieldValue.TRUE)));
        Query drama = Query.of(query -> query.term(
                term -> term.field("genre").value(FieldValue.of("drama"))));
        var found = aggregate(Map.of(
                "filter", Aggregation.of(it -> it.filter(awarded)
                        .aggregations("worst", worst -> worst.min(min -> min.field("rating")))),
                "filters", Aggregation.of(it -> it.filters(filters -> filters
                        .filters(named -> named.keyed(Map.of("awarded", awarded, "drama", drama))))),
                "missing", Aggregation.of(it -> it.missing(missing -> missing.field("genre")))));
        equal(4L, found.get("filter").filter().docCount());
        equal(7.5, found.get("filter").filter().aggregations().get("worst").min().value());
        var named = found.get("filters").filters().buckets().keyed();
        equal(List.of(4L, 1L), List.of(named.get("awarded").docCount(), named.get("drama").docCount()));
        equal(0L, found.get("missing").missing().docCount());
        return String.join(", ", new TreeMap<>(found).keySet());
    }

    private String dates() throws Exception {
        var found = aggregate(Map.of(
                "calendar", Aggregation.of(it -> it.dateHistogram(histogram -> histogram
                        .field("released").calendarInterval(CalendarInterval.Year).minDocCount(1))),
                "ranges", Aggregation.of(it -> it.dateRange(range -> range.field("released")
                        .ranges(bounds -> bounds.key("old").to(to -> to.expr("1990-01-01")))
                        .ranges(bounds -> bounds.key("new").from(from -> from.expr("1990-01-01")))))));
        var years = found.get("calendar").dateHistogram().buckets().array();
        equal("1979-01-01T00:00:00.000Z", years.get(0).keyAsString());
        equal(List.of(1L, 1L, 1L, 1L, 1L), counts(years));
        var ranges = found.get("ranges").dateRange().buckets().array();
        equal(List.of("old", "new"), ranges.stream().map(bucket -> bucket.key()).toList());
        equal(List.of(2L, 3L), counts(ranges));
        return String.join(", ", new TreeMap<>(found).keySet());
    }

    private String metrics() throws Exception {
        var found = aggregate(Map.of(
                "avg", Aggregation.of(it -> it.avg(metric -> metric.field("rating"))),
                "sum", Aggregation.of(it -> it.sum(metric -> metric.field("awarded"))),
                "min", Aggregation.of(it -> it.min(metric -> metric.field("released"))),
                "max", Aggregation.of(it -> it.max(metric -> metric.field("year"))),
                "value_count", Aggregation.of(it -> it.valueCount(metric -> metric.field("genre"))),
                "cardinality", Aggregation.of(it -> it.cardinality(metric -> metric.field("title.keyword"))),
                "stats", Aggregation.of(it -> it.stats(metric -> metric.field("rating"))),
                "extended_stats", Aggregation.of(it -> it.extendedStats(metric -> metric.field("rating"))),
                "percentiles", Aggregation.of(it -> it.percentiles(metric -> metric.field("rating").percents(50.0)))));
        equal(7.9, found.get("avg").avg().value());
        equal(4.0, found.get("sum").sum().value());
        equal("1979-05-25T00:00:00.000Z", found.get("min").min().valueAsString());
        equal(1999.0, found.get("max").max().value());
        equal(5.0, found.get("value_count").valueCount().value());
        equal(5L, found.get("cardinality").cardinality().value());
        var stats = found.get("stats").stats();
        equal(List.of(6.5, 8.75, 39.5), List.of(stats.min(), stats.max(), stats.sum()));
        var extended = found.get("extended_stats").extendedStats();
        equal(315.375, extended.sumOfSquares());
        var median = found.get("percentiles").tdigestPercentiles().values().keyed().get("50.0");
        equal(8.25, median.to(Double.class));
        return String.join(", ", new TreeMap<>(found).keySet());
    }

    private String udf() throws Exception {
        String body = """
                {"query": {"wasm_udf": {"function": "string_distance",
                  "params": {"field": "title", "target": "Alian", "max_distance": 2}}}}""";
        var request = Requests.builder()
                .method("POST").endpoint("/" + INDEX + "/_search").json(body).build();
        try (var response = client.generic().execute(request)) {
            equal(200, response.getStatus());
            String answer = response.getBody().orElseThrow().bodyAsString();
            equal(true, answer.contains("\"value\":2"));
        }
        return "string_distance found 2";
    }

    private static void fails(int status, String type, Callable<?> call) throws Exception {
        try {
            call.call();
        } catch (OpenSearchException error) {
            equal(status, error.status());
            equal(type, error.error().type());
            return;
        }
        throw new AssertionError("expected the error " + type);
    }

    private String failures() throws Exception {
        fails(404, "index_not_found_exception",
                () -> client.search(search -> search.index("none"), Film.class));
        fails(400, "illegal_argument_exception", () -> search(search -> search.size(-1)));
        // This transport decodes only some statuses into an OpenSearchException; 409 is not one of them.
        try {
            client.create(create -> create.index(INDEX).id("0").document(FILMS.get(0)));
            throw new AssertionError("expected a conflict");
        } catch (ResponseException error) {
            equal(409, error.status());
            equal(true, error.getMessage().contains("version_conflict_engine_exception"));
        }
        return "as OpenSearchException and ResponseException";
    }

    private String remove() throws Exception {
        var one = client.delete(request -> request.index(INDEX).id("0"));
        equal(Result.Deleted, one.result());
        equal(true, client.indices().delete(request -> request.index(INDEX)).acknowledged());
        equal(false, client.indices().exists(request -> request.index(INDEX)).value());
        return INDEX;
    }
}
