"""Tables -> Plotly figures. Knows neither Streamlit nor files."""
