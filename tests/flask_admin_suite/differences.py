"""The suite's tests that our view answers otherwise on purpose, by the reason why.

CONTRIBUTING.md shows the same as a table.
"""

from __future__ import annotations

LOOK = {
    "An empty list says so and what to do next, instead of a table of headings": [
        "test_list_columns",
        "test_exclude_columns",
    ],
    "Cells are edited on the record's page: the shipped script runs stored text as JavaScript": [
        "test_column_editable_list",
    ],
    "Pages and groups of a form have real headings: one `h1`, then `h2`": [
        "test_page_title",
        "test_rule_header",
        "test_rule_field_set",
    ],
}

VERSIONED = {
    "A record is known by its id alone; the primary key holds the version as well": [
        "test_model",
        "test_multiple_pk",
    ],
    "Every list ends with the number of versions and the last change, and leaves out long texts": [
        "test_list_columns",
        "test_exclude_columns",
    ],
    "The address of a list keeps what the list knows and drops the rest": [
        "test_extra_args_search",
        "test_extra_args_filter",
    ],
    "`column_editable_list` is refused: its script runs stored text as JavaScript": [
        "test_column_editable_list",
        "test_editable_list_special_pks",
    ],
    "Every record has a details page, unless the view turns it off": ["test_details_view"],
    "Filters are our own: by column and operation, with words for choices and NULL": [
        "test_column_filters",
        "test_column_filters_sqla_obj",
    ],
    "Each row's checkbox is labelled with the record's name, where the test looks for that name": [
        "test_column_filters_dotted_path",
        "test_hybrid_property",
    ],
    "Columns and references have fields of our own, which lose nothing and offer the living": [
        "test_form_columns",
        "test_form_override",
    ],
    "Only the side that holds the foreign key is in the form": ["test_form_onetoone"],
    "An edit and a deletion add a row, and the test reads the first row of the table": [
        "test_on_model_change_delete",
        "test_multiple_delete",
    ],
    "Look-ups have a field and an address of our own, for references to one living record": [
        "test_ajax_fk",
        "test_ajax_fk_multi",
    ],
    "A page holds as many records as are asked for within bounds, never all": [
        "test_unlimited_page_size"
    ],
    "After a save only plain local paths are followed": [
        "test_safe_redirect",
        "test_relative_redirect_on_save_and_add_another",
    ],
    "The test has a second database without the table of changes": ["test_different_bind_joins"],
    "A form that is refused answers 422": ["test_string_null_behavior"],
    "Unique values are checked among the living, not by a validator of the field": [
        "test_unique_validator_uses_request_scoped_session",
    ],
    "Pages and groups of a form have real headings: one `h1`, then `h2`": [
        "test_page_title",
        "test_rule_header",
        "test_rule_field_set",
    ],
    "`inline_models` takes children that declare their reference to the record, not a plain key": [
        "test_rule_inlinefieldlist",
        "test_inline_model_rules",
        "test_inline_form",
        "test_inline_form_required",
        "test_inline_form_base_class",
        "test_inline_form_self",
        "test_inline_form_ajax_fk",
    ],
    "A subclass with a key of its own is refused, and so is concrete inheritance": [
        "test_joined_inheritance",
        "test_concrete_table_inheritance",
        "test_concrete_multipk_inheritance",
    ],
}

POSTGRESQL = {
    "Documents and long texts stand on the record's page, not in the list": [
        "test_json",
    ],
    "Filters are found by their column's name as a sentence, “Bool field”": [
        "test_boolean_filters"
    ],
}


def names(reasons: dict[str, list[str]]) -> set[str]:
    return {name for found in reasons.values() for name in found}
