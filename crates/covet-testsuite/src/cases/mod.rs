//! The cases by what they are about, and the list of them.

pub mod batches;
pub mod bulk;
pub mod calls;
pub mod cancellation;
pub mod errors;
pub mod injection;
pub mod lists;
pub mod migrations;
pub mod pool;
pub mod schema;
pub mod streams;
pub mod transactions;
pub mod types;

/// Every case; an adapter that is added runs them all.
#[macro_export]
macro_rules! cases {
    ($adapter:expr) => {
        $crate::cases! { @ $adapter;
            batches: answers_come_in_order_and_type, many_statements_are_one_batch, each_stands_for_itself, in_a_transaction_it_is_all_or_nothing;
            bulk: copy_in_loads_every_row, copy_in_loads_all_or_nothing, a_row_of_another_length_is_refused, a_stream_that_fails_undoes_the_load, a_load_can_be_part_of_a_transaction, loading_waits_for_nothing_in_memory, execute_many_runs_each, execute_many_takes_one_statement_only;
            calls: execute_tells_what_it_did, fetching_gives_rows, no_row_is_an_error_where_one_is_asked, rows_are_read_by_name_and_as_maps, writes_that_give_rows_write, columns_follow_the_schema, a_time_out_of_its_own_stops_a_call, one_text_is_one_statement, a_closed_handle_refuses, the_statement_cache_forgets;
            cancellation: every_call_can_be_dropped_at_every_poll, a_dropped_transaction_is_rolled_back_at_every_poll, a_dropped_statement_stops, innocent_statements_are_never_stopped, waiters_that_give_up_keep_the_count, a_transaction_with_a_dropped_call_cannot_be_committed;
            errors: constraints_are_told_apart, faults_of_the_statement_are_told, nothing_prints_a_value;
            injection: values_stay_values, names_stay_names;
            lists: an_empty_list_holds_nothing, lists_of_every_length_find_what_they_hold, a_list_beyond_the_limit_works, texts_and_nulls_in_lists;
            migrations: they_are_applied_once_and_in_order, an_edited_one_is_refused, a_missing_one_is_refused, one_that_comes_late_is_refused, a_failing_one_leaves_nothing, two_programs_can_start_together, transactions_in_them_are_refused;
            pool: giving_up_waiting_tells_who_holds, statistics_add_up, closing_waits_for_calls, waiting_is_fair;
            schema: tables_are_described;
            streams: every_row_comes, an_early_drop_stops_the_statement, many_rows_in_constant_memory, writing_while_a_stream_is_open, a_stream_in_a_transaction_is_alone, a_fault_ends_the_stream, writes_can_be_streamed;
            transactions: committed_when_the_closure_gives_a_value, rolled_back_on_error_panic_and_drop, savepoints_undo_their_part, the_outer_one_waits_for_the_inner, retried_while_it_may_help, every_isolation_level_is_accepted, reading_then_writing_loses_nothing, read_only_ones_read_only, their_statements_are_not_sent_by_hand, a_handle_that_was_kept_is_dead, an_error_of_a_statement_leaves_it_usable;
            types: values_come_back_as_they_went, extreme_values_come_back, null_is_an_option, what_does_not_fit_is_refused, text_of_every_kind_comes_back;
        }
    };
    (@ $adapter:expr; $($topic:ident: $($case:ident),+;)+) => {
        $(mod $topic {
            $(#[test]
            fn $case() {
                $crate::run(&$adapter, |fresh| ::std::boxed::Box::pin($crate::cases::$topic::$case(fresh)));
            })+
        })+
    };
}
